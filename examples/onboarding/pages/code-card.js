// The code that was made on this page, as long as it can be entered: by hand, by a camera, or in
// another tab.

import { announce, byId, copyWith } from './page.js';
import { grouped } from './modules/code.js';
import { qrPath } from './modules/qr.js';
import { drawLines } from './stages.js';

/** The longest life of a code, in milliseconds. */
export const LIFETIME = 60_000;

/** What somebody does first. Where no phone can follow the QR code, they open the address here. */
const WAYS = {
  anywhere: { name: 'anywhere', place: 'On your other device', at: 'open-last', button: 'secondary' },
  here: { name: 'here', place: 'On this machine', at: 'open-first', button: 'primary' },
};

/** The enrolment whose code is shown, and whether its last seconds were announced. */
let shown;

/** Ties the card to the parts that know the time, and where app 2 is. */
export function createCodeCard({ owner, origins }) {
  for (const origin of origins) byId('app2').append(new Option(hostOf(origin), origin));
  byId('app2-field').hidden = origins.length < 2;
  byId('app2').addEventListener('change', () => shown && showAddress());
  copyWith(byId('copy'), () => shown.code);

  /** Shows the code of this enrolment, or none. */
  return function draw(enrolment) {
    byId('code-card').hidden = !enrolment;
    if (enrolment?.id === shown?.id) return;
    shown = enrolment && { id: enrolment.id, code: grouped(enrolment.code), isWarned: false };
    if (!shown) return forget();
    byId('code').textContent = shown.code;
    // It is read out symbol by symbol, not as a word.
    byId('code-spelled').textContent = shown.code.replaceAll('-', '').split('').join(' ');
    showAddress();
    drawLines(byId('stages'), enrolment);
    byId('code-title').focus();
    announce(`Your code is ready. It works for ${seconds(owner)} seconds.`);
    countDown(owner, shown);
  };
}

const seconds = (owner) => Math.ceil(owner.millisecondsLeft(shown.id) / 1_000);

/** Removes a code that is over from the whole page. */
function forget() {
  for (const id of ['code', 'code-spelled', 'qr']) byId(id).replaceChildren();
  byId('open').removeAttribute('href');
}

/** Shows how long the code still works. The server says what becomes of it then. */
function countDown(owner, mine) {
  if (shown !== mine) return;
  const left = seconds(owner);
  byId('countdown-text').textContent = left > 0 ? `${left} s left` : 'Its time is over';
  const share = owner.millisecondsLeft(mine.id) / LIFETIME;
  byId('ring').setAttribute('stroke-dashoffset', String(100 - 100 * share));
  byId('ring').classList.toggle('soon', left <= 10);
  // It is said once, and not each second.
  if (left <= 15 && !mine.isWarned) {
    mine.isWarned = true;
    announce(`${left} seconds left.`);
  }
  setTimeout(countDown, 250, owner, mine);
}

/** Returns where to take the code. It is in the fragment, which browsers send to no server. */
function showAddress() {
  const origin = byId('app2').value;
  const address = `${origin}/enroll#${shown.code}`;
  byId('app2-address').textContent = `${hostOf(origin)}/enroll`;
  byId('qr').replaceChildren(qrSvg(address, 'QR code of app 2’s address, with your code in it'));
  byId('open').href = address;
  showWay(hostOf(origin), isOnThisMachine(origin) ? WAYS.here : WAYS.anywhere);
}

/** Returns the QR code of a text, as an SVG element with this label. */
function qrSvg(text, label) {
  const { size, path } = qrPath(text);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const facts = { viewBox: `0 0 ${size} ${size}`, 'shape-rendering': 'crispEdges', role: 'img', 'aria-label': label };
  for (const [name, value] of Object.entries(facts)) svg.setAttribute(name, value);
  const drawn = document.createElementNS(svg.namespaceURI, 'path');
  drawn.setAttribute('d', path);
  svg.append(drawn);
  return svg;
}

function showWay(host, way) {
  byId('code-card').dataset.way = way.name;
  byId('step-place').textContent = way.place;
  byId('open').className = way.button;
  byId('open').textContent = `Open ${way === WAYS.here ? host : 'it'} in this browser`;
  byId(way.at).append(byId('open'));
  byId('scan').hidden = way === WAYS.here;
  byId('only-here').hidden = way !== WAYS.here;
}

const hostOf = (origin) => origin.replace(/^https?:\/\//, '');

/** Tells whether no other device can reach an origin. */
const isOnThisMachine = (origin) => /^(.+\.)?localhost$|^127\.|^\[::1\]$/.test(new URL(origin).hostname);

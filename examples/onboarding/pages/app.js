// App 1: the user is signed in, sees their credentials, mints codes, and says what comes of them.

import { ENROLMENTS, news, post, send } from './enroll.js';
import {
  announce,
  busy,
  byId,
  copyWith,
  deviceName,
  element,
  grouped,
  nameOf,
  notice,
  pause,
  problem,
} from './page.js';
import { qrSvg } from './qr.js';
import { browserKey, postSigned } from './sign.js';
import { DECIDABLE, OUTSTANDING, outcomeWords, showAsker, showDecision, showLines } from './stages.js';
import { explain, KINDS } from './words.js';

/** The longest that a code may live, in milliseconds. */
const LIFETIME = 60_000;

/** What refusals mean where a code is minted. */
const MINT_WORDS = {
  // The server was started anew, say.
  forbidden: { title: 'This browser’s key isn’t known', text: 'Reload the page, and it will be.' },
  invalid_request: {
    title: 'No code could be made',
    text: 'If the clock of this device is wrong, set it right. Then reload the page.',
  },
};

let session;
/**
 * The code on show: `{ id, code, expiresAt, told, isWarned }`, where `told` is what the server said
 * last of the enrolment of that id.
 */
let shown;
/** The id of the credential that was added last, as long as this page is open. */
let newest;

/** Signs in, which is the demonstration's own business, and makes this browser's key a credential of the user. */
async function signIn() {
  const key = await browserKey();
  const { credId, publicKey } = key;
  const { token, user, app2, now } = await post('/demo/session', { credId, publicKey, name: deviceName('Browser') });
  // Clocks differ; the server's counts.
  session = { key, token, app2, clockOffset: now - Date.now() };
  byId('user').textContent = user;
  byId('who').hidden = false;
  byId('add').hidden = false;
  for (const origin of app2) byId('app2').append(new Option(origin.replace(/^https?:\/\//, ''), origin));
  byId('app2-field').hidden = app2.length < 2;
}

const serverNow = () => Date.now() + session.clockOffset;

const bearer = () => ({ authorization: `Bearer ${session.token}` });
const get = (path) => send(path, { headers: bearer() });

async function listCredentials() {
  const { items } = await get('/auth/credentials');
  items.sort((a, b) => b.dateCreated.localeCompare(a.dateCreated));
  const rows = items.map((item) => credentialRow(item, item.credentialUuid === newest));
  byId('credentials').replaceChildren(...rows);
  byId('loading').hidden = true;
  byId('list').hidden = false;
}

/** The list that is there stays, if the server can't be reached. */
const listAgain = () => listCredentials().catch(() => {});

function credentialRow({ credentialId, kind, name, dateCreated, relyingPartyId }, isNew) {
  const added = new Date(dateCreated);
  const time = element('time', '', added.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' }));
  time.dateTime = dateCreated;
  const title = element('strong', 'name', nameOf(name));
  if (credentialId === session.key.credId) title.append(element('span', 'tag own', 'This browser'));
  if (isNew) title.append(element('span', 'tag', 'New'));
  return element(
    'li',
    'credential',
    element('span', `kind kind-${kind}`),
    element(
      'div',
      'about',
      title,
      element('span', 'meta', KINDS[kind] ?? kind, ' for ', element('span', 'domain', relyingPartyId)),
    ),
    element('span', 'date', 'Added ', time),
  );
}

/** Mints a code, and shows it until it is used or too old. */
async function showCode() {
  notice(byId('problem'));
  try {
    const expiration = new Date(serverNow() + LIFETIME).toISOString();
    const minted = await postSigned('/auth/credentials/code', { expiration }, session);
    const expiresAt = Date.parse(minted.expiration);
    const told = { stage: 'waiting', expiration: minted.expiration };
    shown = { id: minted.enrolmentId, code: minted.code, expiresAt, told };
  } catch (error) {
    notice(byId('problem'), MINT_WORDS[error.code] ?? explain(error));
    return;
  }
  byId('code').textContent = grouped(shown.code);
  // Read out symbol by symbol, not as a word.
  byId('code-spelled').textContent = shown.code.replaceAll('-', '').split('').join(' ');
  byId('panel').hidden = false;
  byId('live').hidden = false;
  byId('over').hidden = true;
  byId('add').hidden = true;
  showAddress();
  showLines(shown.told);
  byId('panel-title').focus();
  announce(`Your code is ready. It works for ${secondsLeft()} seconds.`);
  countDown(shown);
  follow(shown);
}

/** A reload forgets the code, and not who entered it: they wait for an answer. */
async function resume() {
  const { items } = await get(ENROLMENTS);
  const told = items.find(({ stage }) => DECIDABLE.includes(stage));
  if (!told) return;
  shown = { id: told.id, told };
  byId('panel').hidden = false;
  byId('add').hidden = true;
  showLines(told);
  showOutcome(told);
  follow(shown);
}

/** Where to take the code: in the fragment, which browsers send to no server. */
function showAddress() {
  const origin = byId('app2').value;
  const address = `${origin}/enroll#${shown.code}`;
  const host = origin.replace(/^https?:\/\//, '');
  byId('app2-address').textContent = `${host}/enroll`;
  byId('qr').replaceChildren(qrSvg(address, 'QR code of the other app’s address, with your code in it'));
  byId('open').href = address;
  showWay(host, isOnThisMachine(origin) ? WAYS.here : WAYS.anywhere);
}

/** What somebody should do first: where no phone can follow the QR code, open the address here. */
const WAYS = {
  anywhere: { name: 'anywhere', place: 'On your other device', at: 'open-last', button: 'secondary' },
  here: { name: 'here', place: 'On this machine', at: 'open-first', button: 'primary' },
};

function showWay(host, way) {
  byId('live').dataset.way = way.name;
  byId('step-place').textContent = way.place;
  byId('open').className = way.button;
  byId('open').textContent = `Open ${way === WAYS.here ? host : 'it'} in this browser`;
  byId(way.at).append(byId('open'));
  byId('scan').hidden = way === WAYS.here;
  byId('only-here').hidden = way !== WAYS.here;
}

/** Whether no other device can reach an origin. */
const isOnThisMachine = (origin) => /^(.+\.)?localhost$|^127\.|^\[::1\]$/.test(new URL(origin).hostname);

const millisecondsLeft = () => Math.max(0, Math.min(LIFETIME, shown.expiresAt - serverNow()));
const secondsLeft = () => Math.ceil(millisecondsLeft() / 1_000);

/** Shows how long this code still works, as long as it can be entered. */
function countDown(mine) {
  if (shown !== mine || mine.told.stage !== 'waiting') return;
  const seconds = secondsLeft();
  byId('countdown-text').textContent = `${seconds} s left`;
  byId('ring').setAttribute('stroke-dashoffset', String(100 - (100 * millisecondsLeft()) / LIFETIME));
  byId('ring').classList.toggle('soon', seconds <= 10);
  // Said once, and not each second.
  if (seconds <= 15 && !mine.isWarned) {
    mine.isWarned = true;
    announce('15 seconds left.');
  }
  setTimeout(countDown, 250, mine);
}

/** Follows the enrolment of this code until it has ended, or another one is on show. */
async function follow(mine) {
  let failures = 0;
  /** The last stage that the server told, whatever is on show. */
  let known = mine.told.stage;
  while (shown === mine && OUTSTANDING.includes(known)) {
    try {
      // After a silence we ask what is, and not what changes.
      const told = await (failures > 0 ? get(`${ENROLMENTS}/${mine.id}`) : news(mine.id, known, bearer()));
      failures = 0;
      known = told.stage;
      show(mine, told);
    } catch ({ status }) {
      // Silence says nothing about the code: a credential may have been added all the same.
      const isAnswer = status > 0 && status < 500 && ![408, 429].includes(status);
      if (isAnswer) return show(mine, { stage: 'forgotten' });
      // While something can still come of it, the next answer may tell.
      const isOver = Date.parse(mine.told.expiration) <= serverNow();
      if (isOver) show(mine, { ...mine.told, stage: 'unreachable' });
      await pause((failures += 1));
    }
  }
}

/** Shows what became of a code, unless that is on show already, or another code is. */
function show(mine, told) {
  // A code that is gone from the page does not come back.
  if (shown !== mine || told.stage === mine.told.stage || told.stage === 'waiting') return;
  mine.told = told;
  showLines(told);
  showOutcome(told);
}

/** What takes the place of the code once it can't be entered any more. */
function showOutcome(told) {
  const { stage, credential } = told;
  const focused = document.activeElement;
  forgetCode();
  byId('live').hidden = true;
  byId('over').hidden = false;
  const isOpen = DECIDABLE.includes(stage);
  byId('again').hidden = isOpen;
  byId('again').textContent = stage === 'added' ? 'Add another device' : 'Make a new code';
  showAsker(told, isOpen);
  showDecision(told, isOpen);
  const [title, text] = outcomeWords(told, serverNow());
  byId('outcome').className = `outcome ${stage}`;
  const heading = element('strong', '', ...(stage === 'added' ? [nameOf(credential.name)] : []), title);
  byId('outcome').replaceChildren(heading, element('p', '', text));
  announce(`${heading.textContent}. ${text}`);
  // Who was on something that is gone now goes to the heading.
  if (byId('panel').contains(focused) && focused.getClientRects().length === 0) byId('panel-title').focus();
  if (stage === 'added') newest = credential.credentialUuid;
  if (MAY_BE_ADDED.includes(stage)) listAgain();
}

/** The user says yes, which a key of theirs signs: it is as good as minting a code. */
async function approve() {
  const mine = shown;
  const digits = byId('digits');
  const checkCode = digits.value.replace(/\D/g, '');
  const isAsked = mine.told.checkCodeAsked;
  if (isAsked && problem(digits, checkCode.length === 6 ? '' : 'The number has six digits.')) return;
  await decide(mine, async () => {
    const body = isAsked ? { checkCode } : {};
    const credential = await postSigned(`${ENROLMENTS}/${mine.id}/approve`, body, session);
    show(mine, { ...mine.told, stage: 'added', credential });
  });
}

/** The user says no: to what was made, or to what somebody is about to make. */
async function refuse() {
  const mine = shown;
  await decide(mine, async () => {
    const isMade = mine.told.stage === 'pending';
    show(mine, await (isMade ? post(`${ENROLMENTS}/${mine.id}/refuse`, {}, bearer()) : revoke(mine)));
  });
}

const revoke = ({ id }) => send(`${ENROLMENTS}/${id}`, { method: 'DELETE', headers: bearer() });

/** Carries out what the user decided. What can't be done is said on the spot. */
async function decide(mine, act) {
  notice(byId('decision-problem'));
  try {
    await act();
  } catch (error) {
    if (shown !== mine) return;
    if (error.code === 'invalid_check_code') return sayAttemptsLeft(mine);
    if (error.code !== 'conflict') return notice(byId('decision-problem'), explain(error));
    // It was decided elsewhere, or is at this moment: what is on show is no longer true.
    await look(mine);
  }
}

/** The third wrong number refuses, so that nobody guesses it. */
async function sayAttemptsLeft(mine) {
  const told = await look(mine);
  if (shown !== mine || told?.stage !== 'pending') return;
  const left = { 1: 'one try', 2: 'two tries' }[told.attemptsLeft] ?? `${told.attemptsLeft} tries`;
  const words = `That isn’t the number. You have ${left} left.`;
  byId('digits').value = '';
  problem(byId('digits'), words);
  // The focus may have been there before.
  announce(words);
}

/** Shows how far the code has come. If nobody tells, the one who follows it will learn. */
async function look(mine) {
  const told = await get(`${ENROLMENTS}/${mine.id}`).catch(() => undefined);
  if (told) show(mine, told);
  return told;
}

/** A user who closes the panel wants nothing more to come of the code. */
async function close() {
  const mine = shown;
  notice(byId('problem'));
  if (mayGoOn(mine)) {
    try {
      await revoke(mine);
    } catch (error) {
      // It has ended, and how is worth being told.
      if (error.code === 'conflict') return void (await look(mine));
      if (error.code !== 'not_found') return notice(byId('problem'), explain(error));
    }
  }
  if (shown !== mine) return;
  shown = undefined;
  forgetCode();
  byId('panel').hidden = true;
  byId('add').hidden = false;
  byId('add').focus();
}

/** Of a code that nobody could ask about, nobody knows that it has ended. */
const mayGoOn = ({ told: { stage } }) => OUTSTANDING.includes(stage) || stage === 'unreachable';

/** The stages at which the list may have one more, or one less. */
const MAY_BE_ADDED = ['added', 'undone', 'unreachable', 'forgotten'];

/** A code that is over stays nowhere on the page. */
function forgetCode() {
  for (const id of ['code', 'code-spelled', 'qr']) byId(id).replaceChildren();
  byId('open').removeAttribute('href');
}

byId('add').addEventListener('click', () => busy(byId('add'), showCode));
byId('again').addEventListener('click', () => busy(byId('again'), showCode));
byId('app2').addEventListener('change', showAddress);
copyWith(byId('copy'), () => shown.code);
byId('decision').addEventListener('submit', (event) => {
  event.preventDefault();
  busy(byId('approve'), approve);
});
byId('refuse').addEventListener('click', () => busy(byId('refuse'), refuse));
byId('close').addEventListener('click', () => busy(byId('close'), close));

// Something may have been added from another page, or while nobody looked.
document.addEventListener('visibilitychange', () => {
  if (session && document.visibilityState === 'visible') listAgain();
});

byId('where').textContent = location.host;
try {
  await signIn();
  await listCredentials();
  await resume();
} catch (error) {
  byId('loading').hidden = true;
  notice(byId('problem'), signInProblem(error));
}

function signInProblem(error) {
  if (!crypto.subtle) {
    return {
      title: 'This address isn’t secure',
      text: 'Browsers make keys at localhost or over HTTPS only. Open the page there.',
    };
  }
  // IndexedDB threw: the key that signs has no place here.
  if (error instanceof DOMException) {
    return {
      title: 'This browser keeps no keys here',
      text: 'It may be a private window, or storage is blocked. Open the page in an ordinary window.',
    };
  }
  // App 1 is in one place only; the server says where.
  if (error.code === 'forbidden') return { title: 'App 1 isn’t here', text: error.message };
  return explain(error);
}

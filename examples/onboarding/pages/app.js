// App 1: the user is signed in, sees their credentials, and mints codes.

import { post, send } from './enroll.js';
import { announce, busy, byId, copyWith, deviceName, element, grouped, nameOf, notice } from './page.js';
import { qrSvg } from './qr.js';
import { browserKey, postSigned } from './sign.js';
import { explain, KINDS } from './words.js';

/** The longest that a code may live, in milliseconds. */
const LIFETIME = 60_000;
/** How often we ask what became of it; less and less often, as long as nobody answers. */
const POLL = 1_000;
const SLOWEST_POLL = 16_000;

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
/** The code on show: `{ code, expiresAt, stage, until, isWarned }`, where `until` is when this stage is over. */
let shown;
/** The credential that was added last, by name and relying party, as long as this page is open. */
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

const get = (path) => send(path, { headers: { authorization: `Bearer ${session.token}` } });

async function listCredentials() {
  const { items } = await get('/auth/credentials');
  items.sort((a, b) => b.dateCreated.localeCompare(a.dateCreated));
  // Names repeat. Of two alike the newest, which comes first, is the new one.
  const added = items.find(
    ({ name, relyingPartyId }) => newest?.name === name && newest?.relyingPartyId === relyingPartyId,
  );
  byId('credentials').replaceChildren(...items.map((item) => credentialRow(item, item === added)));
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
    shown = { code: minted.code, expiresAt, until: expiresAt, stage: 'waiting' };
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
  showStage({ stage: 'waiting' });
  byId('panel-title').focus();
  announce(`Your code is ready. It works for ${secondsLeft()} seconds.`);
  countDown(shown);
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
  if (shown !== mine || mine.stage !== 'waiting') return;
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

/** Asks the server what becomes of this code, until that is settled or another one is on show. */
async function follow(mine) {
  let failures = 0;
  while (shown === mine && UNDECIDED.includes(mine.stage)) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(POLL * 2 ** failures, SLOWEST_POLL)));
    if (shown !== mine) return;
    // Looked up before we ask, so that what happened in the last second still counts.
    const asked = serverNow();
    const told = await get(`/demo/progress/${mine.expiresAt}`).catch(whatNobodyTells);
    if (shown !== mine) return;
    const isAnswer = told.stage !== 'unreachable';
    failures = isAnswer ? 0 : failures + 1;
    const isOver = (told.until ?? mine.until) <= asked;
    // While something can still become of it, the next answer may tell.
    if (!isAnswer && (!isOver || mine.stage === 'unsettled')) continue;
    const stage = (isOver && TOO_LATE[told.stage]) || told.stage;
    if (stage !== mine.stage) showStage({ ...told, stage });
    else if (isOver && stage === 'unsettled') return;
  }
}

/** Silence says nothing about the code: a credential may have been added all the same. */
const whatNobodyTells = ({ status }) => ({
  stage: status > 0 && status < 500 && ![408, 429].includes(status) ? 'forgotten' : 'unreachable',
});

/** The stages after which another may come. */
const UNDECIDED = ['waiting', 'opened', 'unsettled', 'unreachable'];

/** What a stage becomes of which the server says, after its time, that nobody ended it. */
const TOO_LATE = { waiting: 'expired', opened: 'abandoned' };

/** How each of the three lines looks at each stage. */
const LINES = {
  waiting: ['now', '', ''],
  expired: ['failed', '', ''],
  opened: ['done', 'now', ''],
  abandoned: ['done', 'failed', ''],
  unsettled: ['done', 'done', 'now'],
  added: ['done', 'done', 'done'],
  // Nobody knows how far it came.
  unreachable: undefined,
  forgotten: undefined,
};

/** Shows how far the code has come. */
function showStage(progress) {
  const { stage, until } = progress;
  const isNews = stage !== shown.stage;
  shown.stage = stage;
  shown.until = until ?? shown.until;
  showLines(progress);
  if (isNews) showOutcome(progress);
}

function showLines({ stage, relyingPartyId }) {
  byId('stages').hidden = !LINES[stage];
  if (!LINES[stage]) return;
  const first = { waiting: 'Waiting for the code', expired: 'Nobody entered it in time' }[stage];
  const words = [
    first ?? 'Code entered',
    stage === 'abandoned' ? 'Nothing was added in time' : `Opened at ${relyingPartyId ?? 'the other app'}`,
    stage === 'unsettled' ? 'Perhaps added' : 'Credential added',
  ];
  for (const [at, item] of [...byId('stages').children].entries()) {
    item.className = LINES[stage][at];
    if (item.className === 'now') item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
    item.querySelector('.words').textContent = words[at];
  }
}

/** What takes the place of the code once it can't be entered any more. */
function showOutcome({ stage, kind, name, relyingPartyId }) {
  const hadFocus = byId('live').contains(document.activeElement);
  forgetCode();
  byId('live').hidden = true;
  byId('over').hidden = false;
  byId('again').textContent = stage === 'added' ? 'Add another device' : 'Make a new code';
  byId('again').className = stage === 'opened' ? 'secondary' : 'primary';
  const what = (KINDS[kind] ?? 'credential').toLowerCase();
  const words = {
    expired: ['This code has expired', 'Codes work for a minute, so that a lost one is worth nothing.'],
    opened: [
      'Continue on the other device',
      `The code was entered at ${relyingPartyId}, for a ${what}. It can’t be used again.`,
    ],
    abandoned: [
      'Nothing was added in time',
      'The code was entered, but nobody went on within five minutes. Make a new one to start again.',
    ],
    unsettled: [
      'A credential may have been added',
      'The other device went away before it was told. Look whether it is among your credentials below.',
    ],
    unreachable: [
      'We can’t reach the server',
      'So we don’t know what became of the code. Look at your list.',
    ],
    forgotten: [
      'We don’t know what became of the code',
      'The server says nothing about it any more. Look at your list.',
    ],
    added: [' was added', `This ${what} signs you in at ${relyingPartyId}.`],
  }[stage];
  byId('outcome').className = `outcome ${stage}`;
  const title = element('strong', '', ...(stage === 'added' ? [nameOf(name)] : []), words[0]);
  byId('outcome').replaceChildren(title, element('p', '', words[1]));
  announce(`${title.textContent}. ${words[1]}`);
  // Who was on something that is gone now goes to the heading.
  if (hadFocus) byId('panel-title').focus();
  if (stage === 'added' || stage === 'unsettled') newest = { name, relyingPartyId };
  if (MAY_BE_ADDED.includes(stage)) listAgain();
}

/** The stages at which the list may have one more. */
const MAY_BE_ADDED = ['added', 'unsettled', 'unreachable', 'forgotten'];

/** A code that is over stays nowhere on the page. */
function forgetCode() {
  for (const id of ['code', 'code-spelled', 'qr']) byId(id).replaceChildren();
  byId('open').removeAttribute('href');
}

byId('add').addEventListener('click', () => busy(byId('add'), showCode));
byId('again').addEventListener('click', () => busy(byId('again'), showCode));
byId('app2').addEventListener('change', showAddress);
copyWith(byId('copy'), () => shown.code);
byId('close').addEventListener('click', () => {
  shown = undefined;
  forgetCode();
  byId('panel').hidden = true;
  byId('add').hidden = false;
  byId('add').focus();
});

// Something may have been added from another page, or while nobody looked.
document.addEventListener('visibilitychange', () => {
  if (session && document.visibilityState === 'visible') listAgain();
});

byId('where').textContent = location.host;
try {
  await signIn();
  await listCredentials();
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

// App 1: the user is signed in, sees their ways to sign in, makes codes, and decides about
// requests.

import { createAsks } from './asks.js';
import { createChanges } from './changes.js';
import { createCodeCard, LIFETIME } from './code-card.js';
import { createList } from './list.js';
import { drawMails } from './mail.js';
import { browserKey, forgetBrowserKey } from './modules/browser-key.js';
import { createClient } from './modules/client.js';
import { createOwner, DECIDABLE, OUTSTANDING } from './modules/owner.js';
import { keySigner } from './modules/signing.js';
import { explain } from './modules/words.js';
import { busy, byId, deviceName, notice } from './page.js';
import { waitFor } from './retry.js';

const KEYS = { database: 'onboarding' };
const TITLE = document.title;

/** The key that signs for this browser, and the session: the demonstration signs everybody in. */
let [key, session] = [];
/** Facts from the server beside the library's lists: mails, makers of credentials, last uses. */
let news = { mails: [], credentials: {}, waiting: {} };
/** The enrolments that were open while this page was, and those that the user is closing now. */
const [followed, closing] = [new Set(), new Set()];
/** When the server answered last. */
let heardAt = new Date();

const client = createClient({
  headers: () => (session ? { authorization: `Bearer ${session.token}` } : {}),
  credentials: 'omit',
  sign: (challenge) => keySigner(key, { origin: location.origin })(challenge),
});
const owner = createOwner({ client, listCredentials });
const changes = createChanges({ owner, ownId, endAll, tell, leave });
const drawList = createList({ ownId, changes });
const drawAsks = createAsks({ owner, serverNow: client.serverNow, makerOf, again, close, endAll, disown: changes.disown });
let drawCode;

/** Signs in, as only a demonstration does, and makes this browser's key a credential of the user. */
async function signIn() {
  key = await browserKey(KEYS);
  const { credId, publicKey } = key;
  try {
    session = await client.send('POST', '/demo/session', { credId, publicKey, name: deviceName('Browser') });
  } catch (error) {
    if (error.code !== 'removed') throw error;
    // The user removed this key, and comes back as somebody new.
    await forgetBrowserKey(KEYS);
    return signIn();
  }
  for (const place of ['user', 'mail-address']) byId(place).textContent = session.user;
  byId('who').hidden = false;
}

function ownId() {
  return key?.credId;
}

async function listCredentials(options) {
  const [credentials, told] = await Promise.all([
    client.credentials(options),
    client.send('GET', '/demo/news', undefined, options),
  ]);
  news = told;
  return credentials.map((credential) => ({ ...credential, ...told.credentials[credential.credentialUuid] }));
}

/** Returns the maker of the passkey of an enrolment. */
function makerOf({ id, credential }) {
  return news.waiting[id] ?? news.credentials[credential?.credentialUuid];
}

/** Shows what the server said last. */
function draw(state) {
  const { isLoaded, isStale, enrolments, credentials } = state;
  if (!isLoaded) return;
  drawAway(state);
  const own = credentials.find(({ credentialId }) => credentialId === key.credId);
  if (!own && !isStale) return leave();
  byId('inactive').hidden = own?.isActive !== false;
  for (const { id, stage } of enrolments) if (OUTSTANDING.includes(stage)) followed.add(id);
  const shown = enrolments.filter(({ id, stage }) => followed.has(id) && !(closing.has(id) && stage === 'revoked'));
  const withCode = shown.find(({ code }) => code);
  const asks = shown.filter((enrolment) => enrolment !== withCode);
  const isOpen = shown.some(({ stage }) => OUTSTANDING.includes(stage));
  byId('panel').hidden = shown.length === 0;
  byId('caution').hidden = !isOpen;
  // One thing to do at a time. A code of another window may be beside this one.
  byId('add').hidden = !own?.isActive || shown.some((enrolment) => enrolment === withCode || enrolment.stage !== 'waiting');
  for (const id of ['idea', 'lead']) byId(id).hidden = shown.length > 0;
  drawCode(withCode);
  drawAsks(asks);
  document.title = shown.some(({ stage }) => DECIDABLE.includes(stage)) ? `Is it you? · ${TITLE}` : TITLE;
  const added = enrolments.filter(({ stage }) => stage === 'added');
  drawList(credentials, new Set(added.map(({ credential }) => credential.credentialUuid)));
  drawMails(news.mails);
}

/** Says when a list may be out of date. */
function drawAway({ isStale }) {
  if (!isStale) heardAt = new Date();
  if (byId('away').hidden !== isStale) return;
  const time = heardAt.toLocaleTimeString('en', { timeStyle: 'medium' });
  const words = { title: 'We can’t reach the server', text: `You see what it said at ${time}. We keep asking.` };
  notice(byId('away'), isStale && words);
  byId('as-of').textContent = `As of ${time}. It may be different by now.`;
  byId('as-of').hidden = !isStale;
  byId('list').classList.toggle('stale', isStale);
}

/** Says what was done, until something else is done. */
function tell(words) {
  notice(byId('problem'));
  notice(byId('told'), words);
}

/** The words for refusals where a code is made. */
const MINT_WORDS = {
  user_action_required: { title: 'This browser may make no codes', text: 'Look whether it is in your list, and active.' },
  invalid_request: { title: 'No code could be made', text: 'Reload the page, and try again.' },
};

/** Makes a code. If somebody asks for too many, shows how long to wait. */
async function mint() {
  tell();
  try {
    await owner.mint({ lifetime: LIFETIME });
  } catch (error) {
    notice(byId('problem'), MINT_WORDS[error.code] ?? explain(error));
    waitFor(byId('add'), error.retryAfter ?? 0);
  }
}

/** Makes a new code in place of this one, which ends. */
async function again(enrolment) {
  if (await close(enrolment)) await mint();
}

/** Ends a code, so that nothing more comes of it. Returns whether nothing does. */
async function close({ id, stage, isForgotten }) {
  tell();
  if (OUTSTANDING.includes(stage) && !isForgotten) {
    closing.add(id);
    const told = await owner.revoke(id).catch((error) => ({ error }));
    const isGone = told.error?.code === 'not_found';
    if (told.error && !isGone) notice(byId('problem'), explain(told.error));
    if (told.stage !== 'revoked' && !isGone) {
      // It goes on, or it has ended in another way. The user should hear how.
      closing.delete(id);
      draw(owner.state());
      return false;
    }
    tell({ title: 'The code is ended', text: 'Nobody can use it any more.' });
  }
  followed.delete(id);
  draw(owner.state());
  if (!byId('add').hidden) byId('add').focus();
  return true;
}

/** Leaves nothing open. Nobody has to be told of each enrolment that this ended. */
async function endAll() {
  for (const { id, stage } of await owner.revokeAll()) if (stage === 'revoked') followed.delete(id);
  draw(owner.state());
}

/** This browser's key was removed, here or elsewhere. */
function leave() {
  owner.stop();
  for (const id of ['panel', 'list', 'mail', 'idea', 'add', 'who', 'away', 'told', 'inactive']) byId(id).hidden = true;
  drawCode();
  const text = 'It was removed from your ways to sign in. Reload the page to sign in anew.';
  notice(byId('problem'), { title: 'This browser is signed out', text });
  document.title = TITLE;
  byId('title').focus();
}

/** A server that was started anew no longer knows the session. */
function renew({ error }) {
  if (error?.code === 'unauthenticated') signIn().then(owner.look, () => {});
}

function signInProblem(error) {
  if (!crypto.subtle) {
    return {
      title: 'This address isn’t secure',
      text: 'Browsers make keys at localhost or over HTTPS only. Open the page there.',
    };
  }
  // IndexedDB threw, so the key that signs can't be kept here.
  if (error instanceof DOMException) {
    return {
      title: 'This browser keeps no keys here',
      text: 'It may be a private window, or storage is blocked. Open the page in an ordinary window.',
    };
  }
  // App 1 is in one place only, and the server says where.
  if (error.code === 'forbidden') return { title: 'App 1 isn’t here', text: error.message };
  return explain(error);
}

byId('add').addEventListener('click', () => busy(byId('add'), mint));
const coded = () => owner.state().enrolments.find(({ code }) => code);
byId('close').addEventListener('click', () => busy(byId('close'), () => close(coded())));
document.addEventListener('keydown', ({ key, defaultPrevented }) => {
  const isFree = key === 'Escape' && !defaultPrevented && !document.querySelector('dialog[open]');
  const card = document.activeElement?.closest('.ask') ?? byId('code-card');
  if (isFree && !card.closest('[hidden]')) card.querySelector('.card-head button').click();
});
document.addEventListener('visibilitychange', () => {
  if (session && document.visibilityState === 'visible') owner.look();
});

byId('where').textContent = location.host;
byId('loading').hidden = false;
try {
  await signIn();
  drawCode = createCodeCard({ owner, origins: session.app2 });
  owner.subscribe(draw);
  owner.subscribe(renew);
  owner.start();
} catch (error) {
  notice(byId('problem'), signInProblem(error));
}
byId('loading').hidden = true;

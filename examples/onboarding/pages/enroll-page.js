// App 2: the page around enroll.js and keys.js. Somebody comes with a code, and leaves with a credential.

import {
  canCreatePasskeys,
  createPasskey,
  exchange,
  forgetPasskey,
  outcome,
  readCode,
  Refusal,
  register,
} from './enroll.js';
import { createKey, newRecoveryCode } from './keys.js';
import { askBeforeLeaving, letGo, wasLeftInTheMiddle } from './leaving.js';
import {
  announce,
  busy,
  byId,
  copyWith,
  deviceName,
  element,
  factRows,
  grouped,
  nameOf,
  notice,
  pause,
  problem,
  release,
  showSection,
} from './page.js';
import { explain, explainPasskey, KINDS, OUTCOMES } from './words.js';

const SHORTEST_PASSWORD = 12;
/** Which section goes on with which kind. */
const SECTIONS = { Fido2: 'passkey', RecoveryKey: 'recovery', PasswordProtectedKey: 'password' };
/** What the button of each section says at first. */
const LABELS = { passkey: 'Create passkey', recovery: 'Add recovery key', password: 'Create key' };
const TITLE = document.title;
const PASSWORD_HINT = byId('new-password-hint').textContent;

/**
 * What a code begins: `challenge` is what it buys, and good for several tries. `proof` is what was made for it, until the server has it: an
 * answer that got lost is sent again, and not made again. `isUncertain` says that a request stayed without a proper answer, so that it
 * may have been carried out. `ending` closes the browser's dialog when somebody starts over. An answer that comes late belongs to the
 * attempt that asked, not to the one on show.
 */
let attempt;

/**
 * A code in the address is taken out at once, before anybody can see or share it. The browser's history may keep the link all the same;
 * after a minute it is worth nothing.
 */
function takeCodeFromAddress() {
  if (!location.hash) return;
  const code = readCode(location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
  if (!code) {
    return notice(byId('enter-problem'), {
      title: 'That link has no code in it',
      text: 'Scan it again, or type the code.',
    });
  }
  byId('typed').value = grouped(code);
  byId('enter-lead').textContent = 'Your code is filled in. Choose what to add.';
  announce('Your code is filled in.');
}

const chosenKind = () => new FormData(byId('enter-form')).get('kind');

/** Says what this browser, at this address, can't make. */
function checkSupport() {
  if (!crypto.subtle) {
    byId('continue').disabled = true;
    const text = 'Browsers make passkeys and keys over HTTPS only. Open the secure address of this page.';
    return notice(byId('unsupported'), { title: 'This address isn’t secure', text });
  }
  if (canCreatePasskeys()) return;
  const [passkey, recovery] = document.getElementsByName('kind');
  passkey.disabled = true;
  recovery.checked = true;
  byId('passkey-hint').textContent =
    typeof PublicKeyCredential === 'function'
      ? `Not here: a passkey belongs to a domain name, and ${location.hostname} is an address.`
      : 'Not here: this browser has no passkeys. Update it, or use another one.';
}

async function enterCode() {
  notice(byId('enter-problem'));
  const typed = byId('typed');
  const code = readCode(typed.value);
  const words =
    typed.value.trim() === ''
      ? 'Enter the code that your other device shows.'
      : 'That isn’t a whole code. It has nine letters and digits, and never I, O, 0 or 1.';
  if (problem(typed, code ? '' : words)) return;
  const mine = { challenge: undefined, proof: undefined, isUncertain: false, ending: new AbortController() };
  attempt = mine;
  try {
    mine.challenge = await exchange(code, chosenKind());
  } catch (error) {
    if (mine === attempt) refuseCode(typed, explain(error));
    return;
  }
  if (mine !== attempt) return;
  typed.value = '';
  askBeforeLeaving();
  begin(mine.challenge);
}

function refuseCode(typed, words) {
  attempt = undefined;
  notice(byId('enter-problem'), words);
  if (words.next !== 'code') return;
  typed.setAttribute('aria-invalid', 'true');
  typed.select();
}

/** Says what a reload cost, unless there is a new code already. */
function sayWhatIsLost() {
  if (!wasLeftInTheMiddle() || byId('typed').value) return;
  notice(byId('enter-problem'), {
    title: 'This page was reloaded, and your code is spent',
    text: 'Make a new one on your other device.',
  });
}

/** Goes on to make what was chosen. */
function begin(challenge) {
  const section = byId(SECTIONS[challenge.kind]);
  for (const place of section.querySelectorAll('[data-account]')) place.textContent = challenge.user.name;
  for (const place of section.querySelectorAll('[data-party]')) place.textContent = challenge.rp.id;
  for (const words of document.querySelectorAll('[data-unsent]')) words.hidden = false;
  notice(byId(`${section.id}-problem`));
  byId(`create-${section.id}`).textContent = LABELS[section.id];
  holdPassword({});
  if (section.id === 'passkey') byId('passkey-name').value = deviceName('Passkey');
  // So that a password manager knows whose password it keeps.
  if (section.id === 'password') byId('account').value = challenge.user.name;
  if (section.id === 'recovery') {
    byId('recovery-code').textContent = newRecoveryCode();
    byId('recovery-date').textContent = new Date().toLocaleDateString('en', { dateStyle: 'long' });
  }
  showSection(section.id);
}

/** Makes the credential and hands it in. What can be mended is said on the spot, with the same challenge; the rest needs a new code. */
async function finish(name, make) {
  const mine = attempt;
  const section = SECTIONS[mine.challenge.kind];
  notice(byId(`${section}-problem`));
  sayWorking(section);
  try {
    mine.proof ??= await make(mine.challenge, mine.ending.signal);
    if (mine !== attempt) return await forgetMade(mine);
    for (const words of document.querySelectorAll('[data-unsent]')) words.hidden = true;
    const credential = await register(mine.challenge, name, mine.proof);
    if (attempt && mine !== attempt) return sayLate(mine, credential);
    if (credential.approval) return showWaiting(mine, credential);
    showDone(mine, credential);
  } catch (error) {
    const words = section === 'passkey' ? explainPasskey(error) : explain(error);
    if (error instanceof Refusal) await settle(mine, error, words);
    if (mine !== attempt) return;
    holdPassword(mine);
    if (words.next === 'code') return showRefused(mine, words);
    notice(byId(`${section}-problem`), words);
    byId(`create-${section}`).textContent = 'Try again';
  }
}

/** A key takes seconds to be encrypted on a slow phone. A passkey has a dialog of the browser's own, which says what goes on. */
function sayWorking(section) {
  byId(`create-${section}`).textContent = 'Working…';
  if (section !== 'passkey') announce('Working…');
}

/** Keeps what was made if it may be sent again, perhaps with another name, and drops it if the server looked at it and did not take it. */
async function settle(mine, { code, status }, { next }) {
  const isAnswered = status > 0 && status < 500;
  if (!isAnswered) mine.isUncertain = true;
  if (!isAnswered || next === 'wait' || code === 'invalid_request') return;
  const isNowhere = !mine.isUncertain && code !== 'duplicate_credential';
  if (isNowhere) await forgetMade(mine);
  mine.proof = undefined;
}

/** A passkey that the server does not know opens nothing. */
async function forgetMade({ challenge, proof }) {
  if (challenge.kind === 'Fido2') await forgetPasskey(challenge, proof.credentialInfo);
}

/** What was made is sent again as it is, so its password can't be changed any more. */
function holdPassword({ proof }) {
  for (const id of ['new-password', 'repeated']) byId(id).readOnly = proof !== undefined;
  byId('new-password-hint').textContent = proof
    ? 'Your key may be stored already, so its password stays as it is. Start over to choose another.'
    : PASSWORD_HINT;
}

/** Somebody started over while the server was at it, and makes another credential by now. */
function sayLate({ challenge }, { kind, approval }) {
  const section = attempt.challenge ? SECTIONS[attempt.challenge.kind] : 'enter';
  const what = 'What you handed in before you started over';
  notice(byId(`${section}-problem`), {
    title: `${KINDS[kind]} ${approval ? 'waits for approval' : 'added'}`,
    text: approval
      ? `${what} waits in the other app. If you no longer want it, refuse it there.`
      : `${what} was added to ${challenge.user.name} after all.`,
  });
}

/** Its owner is asked first, in the other app. This page alone shows the number to type there. */
function showWaiting(mine, credential) {
  const { checkCode } = credential.approval;
  endAttempt();
  attempt = mine;
  // A person who leaves now loses the number, and nothing else.
  if (checkCode) askBeforeLeaving();
  notice(byId('approval-problem'));
  byId('approval-kind').textContent = KINDS[credential.kind].toLowerCase();
  byId('approval-check').hidden = !checkCode;
  byId('check-code').textContent = checkCode ? `${checkCode.slice(0, 3)} ${checkCode.slice(3)}` : '';
  // Read out digit by digit, not as an amount.
  byId('check-code-spelled').textContent = checkCode?.split('').join(' ') ?? '';
  document.title = 'Waiting for approval · App 2';
  showSection('approval');
  follow(mine, credential);
}

/** Waits for the answer of the other app, until it is there or somebody starts over. */
async function follow(mine, credential) {
  let failures = 0;
  while (mine === attempt) {
    try {
      // After a silence we ask what is, and not what changes.
      const told = await outcome(credential.approval, failures > 0 ? undefined : 'pending');
      if (mine !== attempt) return;
      failures = 0;
      notice(byId('approval-problem'));
      if (told.stage !== 'pending') return await showOutcome(mine, credential, told);
    } catch (error) {
      if (mine !== attempt) return;
      const words = explain(error);
      if (words.next === 'other') return showRefused({ ...mine, isUncertain: true }, words);
      notice(byId('approval-problem'), words);
      await pause((failures += 1));
    }
  }
}

async function showOutcome(mine, credential, { stage, expiration }) {
  if (stage === 'added') return showDone(mine, credential);
  await forgetMade(mine);
  if (mine !== attempt) return;
  // By the clock of this device. If it is wrong, only the words are.
  const isLapsed = stage === 'refused' && Date.parse(expiration) <= Date.now() + 1_000;
  showRefused({ ...mine, isUncertain: false }, OUTCOMES[isLapsed ? 'lapsed' : stage]);
}

/** Also when somebody started over meanwhile: what was added, and to whose account, is said. */
function showDone({ challenge }, credential) {
  endAttempt();
  byId('done-title').textContent = `${KINDS[credential.kind]} added`;
  byId('done-text').replaceChildren(...doneText(credential));
  const facts = {
    Name: nameOf(credential.name),
    Account: challenge.user.name,
    'Works at': credential.relyingPartyId,
  };
  byId('done-facts').replaceChildren(...factRows(facts));
  document.title = 'Added · App 2';
  showSection('done');
}

/** What to do with it now. */
function doneText({ kind, relyingPartyId }) {
  const domain = element('strong', '', relyingPartyId);
  if (kind === 'RecoveryKey')
    return ['If you lose everything else, your printed code brings you back at ', domain, '.'];
  if (kind === 'PasswordProtectedKey')
    return ['Sign in with your password at ', domain, ', and at no other domain.'];
  return ['Sign in with it at ', domain, ', and at no other domain.'];
}

function showRefused({ challenge, isUncertain }, { title, text }) {
  endAttempt();
  document.title = TITLE;
  byId('refused-title').textContent = title;
  const isWorthless = challenge.kind === 'RecoveryKey' && !isUncertain;
  byId('refused-text').textContent = isWorthless
    ? `${text} The recovery code that you saved is worth nothing: throw it away.`
    : text;
  showSection('refused');
}

/** Nothing secret stays on the page once it is of no more use, nor the word that a code was saved. */
function forgetSecrets() {
  byId('saved').checked = false;
  for (const id of ['new-password', 'repeated']) byId(id).value = '';
  for (const id of ['recovery-code', 'check-code', 'check-code-spelled']) byId(id).textContent = '';
}

/** Whatever is still going on for it, such as a dialog of the browser, is in nobody's way any more. */
function endAttempt() {
  forgetSecrets();
  attempt?.ending.abort();
  attempt = undefined;
  letGo();
  for (const button of document.querySelectorAll('button[type="submit"]')) release(button);
}

function startAgain() {
  endAttempt();
  document.title = TITLE;
  byId('enter-lead').textContent =
    'Get a one-time code where you are signed in, and enter it here within a minute.';
  notice(byId('enter-problem'));
  showSection('enter');
  byId('typed').focus();
}

/** A form that is sent by script, and never by the browser, which would put its fields into an address. */
function onSubmit(form, button, work) {
  byId(form).addEventListener('submit', (event) => {
    event.preventDefault();
    busy(byId(button), work);
  });
}

/** A name as the server takes it: tabs and the like, which come along when a text is pasted, are blanks. */
const readName = (typed) => typed.replace(/\p{Cc}+/gu, ' ').trim();

onSubmit('enter-form', 'continue', enterCode);

onSubmit('passkey-form', 'create-passkey', () =>
  finish(readName(byId('passkey-name').value) || 'Passkey', async (challenge, signal) => ({
    credentialInfo: await createPasskey(challenge, { signal }),
  })),
);

onSubmit('recovery-form', 'create-recovery', () => {
  if (problem(byId('saved'), byId('saved').checked ? '' : 'Save it first, then tick the box.')) return;
  const code = byId('recovery-code').textContent;
  return finish('Recovery key', (challenge) => createKey(challenge, code));
});

onSubmit('password-form', 'create-password', () => {
  const [password, repeated] = [byId('new-password'), byId('repeated')];
  problem(repeated, '');
  const isShort = [...password.value].length < SHORTEST_PASSWORD;
  if (problem(password, isShort ? `That is too short. Use at least ${SHORTEST_PASSWORD} characters.` : ''))
    return;
  if (problem(repeated, password.value === repeated.value ? '' : 'The two passwords differ.')) return;
  return finish('Password-protected key', (challenge) => createKey(challenge, password.value));
});

byId('reveal').addEventListener('change', ({ target }) => {
  for (const id of ['new-password', 'repeated']) byId(id).type = target.checked ? 'text' : 'password';
});
byId('typed').addEventListener('input', () => problem(byId('typed'), ''));
byId('print').addEventListener('click', () => window.print());
copyWith(byId('copy-recovery'), () => byId('recovery-code').textContent);
for (const button of document.querySelectorAll('[data-start-again]'))
  button.addEventListener('click', startAgain);
// The same page, opened with another code.
addEventListener('hashchange', () => {
  startAgain();
  takeCodeFromAddress();
});

byId('where').textContent = location.host;
takeCodeFromAddress();
sayWhatIsLost();
checkSupport();

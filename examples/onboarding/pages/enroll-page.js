// App 2: the page around /modules/enrolling.js. Somebody comes with a code, and leaves with a way to sign in.

import { takeFromAddress } from './address.js';
import { endSignIn, offerSignIn, showSignedIn, startSignIn } from './enroll-sign-in.js';
import { askBeforeLeaving, letGo, wasLeftInTheMiddle } from './leaving.js';
import { createClient } from './modules/client.js';
import { grouped, readCode } from './modules/code.js';
import { createEnrolling } from './modules/enrolling.js';
import { createKey, newRecoveryCode } from './modules/keys.js';
import { canCreatePasskeys, createPasskey } from './modules/passkeys.js';
import { explain, explainPasskey, KINDS, OUTCOMES } from './modules/words.js';
import {
  announce,
  busy,
  byId,
  copyWith,
  deviceName,
  element,
  factRows,
  nameOf,
  notice,
  problem,
  release,
  showSection,
} from './page.js';
import { stopWaiting, waitFor } from './retry.js';

const SHORTEST_PASSWORD = 12;
/** Which section goes on with which kind. */
const SECTIONS = { Fido2: 'passkey', RecoveryKey: 'recovery', PasswordProtectedKey: 'password' };
/** What the button of each section says at first. */
const LABELS = { passkey: 'Create passkey', recovery: 'Add recovery key', password: 'Add password-protected key' };
const TITLE = document.title;
const PASSWORD_HINT = byId('new-password-hint').textContent;
const LEAD = byId('enter-lead').textContent;

// Nobody has to be known here: the code says for whom it is.
const client = createClient({ credentials: 'omit' });
const enrolling = createEnrolling({ client });

/** What is on show. */
let shown = enrolling.state();

function render(state) {
  const before = shown;
  shown = state;
  for (const words of document.querySelectorAll('[data-unsent]')) {
    words.hidden = state.isUncertain || state.stage === 'registering';
  }
  if (state.stage !== before.stage || state.challenge !== before.challenge) DRAW[state.stage](state, before);
  if (state.error !== before.error) showError(state);
  if (state.late && state.late !== before.late) sayLate(state);
}

/** What each stage looks like when it begins. */
const DRAW = {
  entering: ({ error }) => !error && showEnter(),
  exchanging: () => notice(byId('enter-problem')),
  challenged: (state, before) => (state.challenge === before.challenge ? holdPassword(state) : showMaking(state)),
  making({ challenge }) {
    const section = SECTIONS[challenge.kind];
    byId(`create-${section}`).textContent = 'Working…';
    // A key takes seconds to be encrypted on a slow phone. A passkey has a dialog of the browser's own.
    if (section !== 'passkey') announce('Working…');
  },
  registering() {},
  pending: showWaiting,
  added: showDone,
  refused: showRefused,
};

function showEnter() {
  endAttempt();
  document.title = TITLE;
  byId('enter-lead').textContent = LEAD;
  notice(byId('enter-problem'));
  showSection('enter');
  byId('typed').focus();
}

/** Goes on to make what was chosen. */
function showMaking({ challenge }) {
  byId('typed').value = '';
  askBeforeLeaving();
  const section = SECTIONS[challenge.kind];
  name(challenge);
  notice(byId(`${section}-problem`));
  byId(`create-${section}`).textContent = LABELS[section];
  holdPassword({});
  if (section === 'passkey') byId('passkey-name').value = deviceName('Passkey');
  // So that a password manager knows whose password it keeps.
  if (section === 'password') byId('account').value = challenge.user.name;
  if (section === 'recovery') {
    byId('recovery-code').textContent = newRecoveryCode();
    byId('recovery-date').textContent = new Date().toLocaleDateString('en', { dateStyle: 'long' });
  }
  showSection(section);
}

/** Says for whom and for which site it is, wherever the page does. */
function name({ user, rp }) {
  for (const place of document.querySelectorAll('[data-account]')) place.textContent = user.name;
  for (const place of document.querySelectorAll('[data-party]')) place.textContent = rp.id;
}

/** What was made is sent again as it is, so its password can't be changed any more. */
function holdPassword({ isHeld }) {
  for (const id of ['new-password', 'repeated']) byId(id).readOnly = Boolean(isHeld);
  byId('new-password-hint').textContent = isHeld
    ? 'It may be stored already, so its password stays as it is. Start over to choose another.'
    : PASSWORD_HINT;
}

/** What can be mended is said where it is mended. */
function showError({ stage, error, challenge }) {
  if (stage === 'pending') return notice(byId('approval-problem'), error && explain(error));
  if (!error || stage === 'refused') return;
  if (stage === 'entering') return refuseCode(explain(error));
  const section = SECTIONS[challenge.kind];
  if (section === 'passkey' && error.name === 'InvalidStateError') return showSection('present');
  notice(byId(`${section}-problem`), section === 'passkey' ? explainPasskey(error) : explain(error));
  byId(`create-${section}`).textContent = 'Try again';
}

function refuseCode(words) {
  notice(byId('enter-problem'), words);
  if (words.next !== 'code') return;
  byId('typed').setAttribute('aria-invalid', 'true');
  byId('typed').select();
}

/** Somebody started over while the server was at it, and makes another by now. */
function sayLate({ challenge, late: { challenge: then, credential } }) {
  const section = challenge ? SECTIONS[challenge.kind] : 'enter';
  const what = 'What you handed in before you started over';
  notice(byId(`${section}-problem`), {
    title: `${KINDS[credential.kind]} ${credential.approval ? 'waits for approval' : 'added'}`,
    text: credential.approval
      ? `${what} waits in the other app. If you no longer want it, say “Not me” there.`
      : `${what} was added to ${then.user.name} after all.`,
  });
}

/** Its owner is asked first, in the other app. This page alone shows the number to type there. */
function showWaiting({ challenge, credential }) {
  const { checkCode, expiration } = credential.approval;
  endAttempt();
  name(challenge);
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
  countDown(performance.now() + Date.parse(expiration) - client.serverNow());
}

/** Says how long the answer may take. Not read out: nobody has to hurry here. */
function countDown(endsAt) {
  if (shown.stage !== 'pending') return;
  const seconds = Math.max(0, Math.ceil((endsAt - performance.now()) / 1_000));
  const minutes = Math.ceil(seconds / 60);
  byId('approval-left').textContent = `The other app waits ${seconds > 60 ? `${minutes} minutes` : `${seconds} seconds`} for your answer.`;
  setTimeout(countDown, 1_000, endsAt);
}

function showDone({ challenge, credential }) {
  endAttempt();
  name(challenge);
  byId('done-title').textContent = `${KINDS[credential.kind]} added`;
  byId('done-text').replaceChildren(...doneText(credential));
  const facts = {
    Name: nameOf(credential.name),
    Account: nameOf(challenge.user.name),
    'Works at': credential.relyingPartyId,
  };
  byId('done-facts').replaceChildren(...factRows(facts));
  offerSignIn(credential, challenge.user.name);
  document.title = 'Added · App 2';
  showSection('done');
}

/** What to do with it now. */
function doneText({ kind, relyingPartyId }) {
  const domain = element('strong', '', relyingPartyId);
  const words = {
    RecoveryKey: ['If you lose everything else, your printed code brings you back at ', domain, '.'],
    PasswordProtectedKey: ['Sign in with your password at ', domain, ', and at no other domain.'],
  };
  return words[kind] ?? ['Sign in with it at ', domain, ', and at no other domain.'];
}

function showRefused({ challenge, isUncertain, outcome, error }) {
  endAttempt();
  document.title = TITLE;
  const { title, text } = outcome ? OUTCOMES[outcome] : explain(error);
  byId('refused-title').textContent = title;
  const isWorthless = challenge.kind === 'RecoveryKey' && !isUncertain;
  byId('refused-text').textContent = isWorthless
    ? `${text} The recovery code that you saved is worth nothing: throw it away.`
    : text;
  showSection('refused');
}

/** Nothing secret stays on the page once it is of no more use, nor the word that a code was saved. */
function endAttempt() {
  byId('saved').checked = false;
  for (const id of ['new-password', 'repeated']) byId(id).value = '';
  for (const id of ['recovery-code', 'check-code', 'check-code-spelled']) byId(id).textContent = '';
  endSignIn();
  letGo();
  for (const button of document.querySelectorAll('button[type="submit"]')) {
    stopWaiting(button);
    release(button);
  }
}

function startOver() {
  const isThere = shown.stage === 'entering';
  enrolling.startOver();
  if (isThere) showEnter();
}

/** A code in the address is filled in. It is gone from there already. */
function fillIn(text) {
  if (!text) return;
  const code = readCode(text);
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

/** Says what this browser, at this address, can't make. */
function checkSupport() {
  if (!crypto.subtle) {
    const text = 'Browsers make passkeys and keys over HTTPS only. Open the secure address of this page.';
    return notice(byId('unsupported'), { title: 'This address isn’t secure', text });
  }
  // Until here it would do nothing.
  byId('continue').disabled = false;
  byId('have-passkey').hidden = !canCreatePasskeys();
  if (canCreatePasskeys()) return;
  const [passkey, recovery] = document.getElementsByName('kind');
  passkey.disabled = true;
  recovery.checked = true;
  byId('passkey-hint').textContent =
    typeof PublicKeyCredential === 'function'
      ? `Not here: a passkey belongs to a domain name, and ${location.hostname} is an address.`
      : 'Not here: this browser has no passkeys. Update it, or use another one.';
}

/** Says what a reload cost, unless there is a new code already. */
function sayWhatIsLost() {
  if (!wasLeftInTheMiddle() || byId('typed').value) return;
  notice(byId('enter-problem'), {
    title: 'This page was reloaded, and your code is spent',
    text: 'Make a new one on your other device.',
  });
}

/** A form that is sent by script, and never by the browser, which would put its fields into an address. */
function onSubmit(form, button, work) {
  byId(form).addEventListener('submit', (event) => {
    event.preventDefault();
    busy(byId(button), async () => {
      await work();
      if (shown.error?.code === 'too_many_attempts') waitFor(byId(button), shown.error.retryAfter);
    });
  });
}

/** A name as the server takes it: tabs and the like, which come along when a text is pasted, are spaces. */
const readName = (typed) => typed.replace(/\p{Cc}+/gu, ' ').trim();

const make = (label, how) => {
  notice(byId(`${SECTIONS[shown.challenge.kind]}-problem`));
  return enrolling.make(label, how);
};
const makeKey = (label, secret) =>
  make(label, (challenge) => createKey(challenge, { secret, origin: location.origin }));

onSubmit('enter-form', 'continue', () => {
  notice(byId('enter-problem'));
  const typed = byId('typed');
  const code = readCode(typed.value);
  const words =
    typed.value.trim() === ''
      ? 'Enter the code that your other device shows.'
      : 'That isn’t a whole code. It has nine letters and digits, and never I, O, 0 or 1.';
  if (problem(typed, code ? '' : words)) return;
  return enrolling.enter(code, new FormData(byId('enter-form')).get('kind'));
});

onSubmit('passkey-form', 'create-passkey', () =>
  make(readName(byId('passkey-name').value) || 'Passkey', createPasskey),
);

onSubmit('recovery-form', 'create-recovery', () => {
  if (problem(byId('saved'), byId('saved').checked ? '' : 'Save it first, then tick the box.')) return;
  return makeKey('Recovery key', byId('recovery-code').textContent);
});

onSubmit('password-form', 'create-password', () => {
  const [password, repeated] = [byId('new-password'), byId('repeated')];
  problem(repeated, '');
  const isShort = [...password.value].length < SHORTEST_PASSWORD;
  if (problem(password, isShort ? `That is too short. Use at least ${SHORTEST_PASSWORD} characters.` : ''))
    return;
  if (problem(repeated, password.value === repeated.value ? '' : 'The two passwords differ.')) return;
  return makeKey('Password-protected key', password.value);
});

byId('reveal').addEventListener('change', ({ target }) => {
  for (const id of ['new-password', 'repeated']) byId(id).type = target.checked ? 'text' : 'password';
});
byId('typed').addEventListener('input', () => problem(byId('typed'), ''));
byId('print').addEventListener('click', () => window.print());
copyWith(byId('copy-recovery'), () => byId('recovery-code').textContent);
byId('another-device').addEventListener('click', () => {
  byId('create-passkey').textContent = LABELS.passkey;
  showSection('passkey');
});
for (const button of document.querySelectorAll('[data-start-again]'))
  button.addEventListener('click', startOver);
/** Escape goes back to the start, where nothing is lost with what is on show. */
addEventListener('keydown', ({ key }) => {
  const isOver = ['refused', 'done', 'signed-in'].some((id) => !byId(id).hidden);
  if (key === 'Escape' && isOver) startOver();
});
addEventListener('hashchange', () => {
  const text = takeFromAddress();
  if (!text) return;
  startOver();
  fillIn(text);
});

byId('where').textContent = location.host;
enrolling.subscribe(render);
fillIn(takeFromAddress());
sayWhatIsLost();
checkSupport();
startSignIn();
if (!byId('typed').value) showSignedIn();

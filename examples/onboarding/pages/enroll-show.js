// App 2: what the page shows of each stage of /modules/enrolling.js.

import { endSignIn, offerSignIn } from './enroll-sign-in.js';
import { askBeforeLeaving, letGo } from './leaving.js';
import { newRecoveryCode } from './modules/keys.js';
import { explain, explainPasskey, KINDS, OUTCOMES } from './modules/words.js';
import {
  announce,
  byId,
  deviceName,
  element,
  factRows,
  nameOf,
  notice,
  release,
  showSection,
} from './page.js';
import { stopWaiting } from './retry.js';

/** The section that goes on with each kind. */
export const SECTIONS = { Fido2: 'passkey', RecoveryKey: 'recovery', PasswordProtectedKey: 'password' };
/** The first text of each section's button. */
export const LABELS = {
  passkey: 'Create passkey',
  recovery: 'Add recovery key',
  password: 'Add password-protected key',
};
const TITLE = document.title;
const PASSWORD_HINT = byId('new-password-hint').textContent;
const LEAD = byId('enter-lead').textContent;

/** What is shown now. */
let shown = { stage: 'entering' };

/** Draws everything that the machine says, from now on. */
export const show = (enrolling) => enrolling.subscribe((state) => render(state, enrolling));

function render(state, enrolling) {
  const before = shown;
  shown = state;
  for (const words of document.querySelectorAll('[data-unsent]')) {
    words.hidden = state.isUncertain || state.stage === 'registering';
  }
  if (state.stage !== before.stage || state.challenge !== before.challenge)
    DRAW[state.stage](state, before, enrolling);
  if (state.error !== before.error) showError(state);
  if (state.late && state.late !== before.late) sayLate(state);
}

/** How each stage looks when it begins. */
const DRAW = {
  entering: ({ error }) => !error && showEnter(),
  exchanging() {},
  challenged: (state, before) =>
    state.challenge === before.challenge ? holdPassword(state) : showMaking(state),
  making({ challenge }) {
    const section = SECTIONS[challenge.kind];
    byId(`create-${section}`).textContent = 'Working…';
    // Encrypting a key takes seconds on a slow phone. A passkey has a dialog of the browser's own.
    if (section !== 'passkey') announce('Working…');
  },
  registering() {},
  pending: showWaiting,
  added: showDone,
  refused: showRefused,
};

export function showEnter() {
  endAttempt();
  document.title = TITLE;
  byId('enter-lead').textContent = LEAD;
  notice(byId('enter-problem'));
  showSection('enter');
  byId('typed').focus();
}

/** Goes on to make the chosen kind. */
function showMaking({ challenge }) {
  byId('typed').value = '';
  askBeforeLeaving();
  const section = SECTIONS[challenge.kind];
  name(challenge);
  notice(byId(`${section}-problem`));
  byId(`create-${section}`).textContent = LABELS[section];
  holdPassword({});
  if (section === 'passkey') byId('passkey-name').value = deviceName('Passkey');
  // So a password manager knows whose password it keeps.
  if (section === 'password') byId('account').value = challenge.user.name;
  if (section === 'recovery') {
    byId('recovery-code').textContent = newRecoveryCode();
    byId('recovery-date').textContent = new Date().toLocaleDateString('en', { dateStyle: 'long' });
  }
  showSection(section);
}

/** Says the user and the site, wherever the page shows them. */
function name({ user, rp }) {
  for (const place of document.querySelectorAll('[data-account]')) place.textContent = user.name;
  for (const place of document.querySelectorAll('[data-party]')) place.textContent = rp.id;
}

/** The same answer is sent again, so its password can't be changed any more. */
function holdPassword({ isHeld }) {
  for (const id of ['new-password', 'repeated']) byId(id).readOnly = Boolean(isHeld);
  byId('new-password-hint').textContent = isHeld
    ? 'It may be stored already, so its password stays as it is. Start over to choose another.'
    : PASSWORD_HINT;
}

/** Shows an error where it can be mended. */
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

/** Somebody started over while the server was busy, and is making another by now. */
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

/** The owner is asked first, in the other app. Only this page shows the number to type there. */
function showWaiting({ challenge, credential }, _, enrolling) {
  const { checkCode } = credential.approval;
  endAttempt();
  name(challenge);
  // A person who leaves now loses the number, and nothing else.
  if (checkCode) askBeforeLeaving();
  notice(byId('approval-problem'));
  byId('approval-kind').textContent = KINDS[credential.kind].toLowerCase();
  byId('approval-check').hidden = !checkCode;
  byId('check-code').textContent = checkCode ? `${checkCode.slice(0, 3)} ${checkCode.slice(3)}` : '';
  // It is read out digit by digit, not as an amount.
  byId('check-code-spelled').textContent = checkCode?.split('').join(' ') ?? '';
  document.title = 'Waiting for approval · App 2';
  showSection('approval');
  countDown(enrolling);
}

/** Says how long the answer may take. It is not read out: nobody has to hurry here. */
function countDown(enrolling) {
  if (shown.stage !== 'pending') return;
  const seconds = Math.ceil(enrolling.millisecondsLeft() / 1_000);
  // The server’s time is known to the second.
  const left = seconds > 90 ? `${Math.round(seconds / 60)} minutes` : `${seconds} seconds`;
  byId('approval-left').textContent = `The other app waits ${left} for your answer.`;
  setTimeout(countDown, 1_000, enrolling);
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

/**
 * Removes secrets from the page once they are of no more use, and the word that a code was saved.
 */
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

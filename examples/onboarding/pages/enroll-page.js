// App 2: what somebody does on the page. They come with a code, and leave with a way to sign in.

import { takeFromAddress } from './address.js';
import { LABELS, SECTIONS, show, showEnter } from './enroll-show.js';
import { showSignedIn, startSignIn } from './enroll-sign-in.js';
import { wasLeftInTheMiddle } from './leaving.js';
import { createClient } from './modules/client.js';
import { grouped, readCode } from './modules/code.js';
import { createEnrolling } from './modules/enrolling.js';
import { createKey } from './modules/keys.js';
import { canCreatePasskeys, createPasskey } from './modules/passkeys.js';
import { announce, busy, byId, copyWith, notice, problem, showSection } from './page.js';
import { waitFor } from './retry.js';

const SHORTEST_PASSWORD = 12;

// Nobody has to be signed in here: the code says for whom it is.
const enrolling = createEnrolling({ client: createClient({ credentials: 'omit' }) });

function startOver() {
  const isThere = enrolling.state().stage === 'entering';
  enrolling.startOver();
  if (isThere) showEnter();
}

/** Fills in a code of the address. The address no longer has it. */
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
  // Until here the button would do nothing.
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

/**
 * Sends a form by script. The browser never sends it, because it would put its fields into an
 * address.
 */
function onSubmit(form, button, work) {
  byId(form).addEventListener('submit', (event) => {
    event.preventDefault();
    busy(byId(button), async () => {
      await work();
      const { error } = enrolling.state();
      if (error?.code === 'too_many_attempts') waitFor(byId(button), error.retryAfter);
    });
  });
}

/**
 * Returns a name as the server takes it. Tabs and the like, which come along in a pasted text,
 * become spaces.
 */
const readName = (typed) => typed.replace(/\p{Cc}+/gu, ' ').trim();

const make = (label, how) => {
  notice(byId(`${SECTIONS[enrolling.state().challenge.kind]}-problem`));
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
/** Escape goes back to the start, if nothing is lost with what is shown. */
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
show(enrolling);
fillIn(takeFromAddress());
sayWhatIsLost();
checkSupport();
startSignIn();
if (!byId('typed').value) showSignedIn();

// App 2: the added credential is of use at once. Here its owner signs in with it.

import { readRecoveryCode } from './modules/keys.js';
import { explainSigning } from './modules/words.js';
import { announce, busy, byId, notice, problem, release, showSection } from './page.js';
import { signInWithPasskey, signInWithSecret, signOut, whoIsSignedIn } from './sign-in.js';

/**
 * By kind: the field of the secret that opens it, how to read the secret, and the words for a wrong
 * one.
 */
const SECRETS = {
  PasswordProtectedKey: {
    field: 'password',
    read: (typed) => typed,
    wrong: 'That isn’t the password that you chose.',
  },
  RecoveryKey: {
    field: 'printed',
    read: readRecoveryCode,
    wrong: 'That isn’t the code that you saved. It has eight groups of four.',
  },
};

const LABEL = byId('sign-in').textContent;

/** What was added last, until somebody starts over. */
let added;
/** Closes the browser's dialog when the page goes on. */
let ending = new AbortController();

/** Asks for the secret that signs in: a password, a printed code, or nothing. */
export function offerSignIn(credential, account) {
  added = credential;
  byId('sign-in-account').value = account;
  byId('sign-in').hidden = !canSignIn(credential);
  for (const { field } of Object.values(SECRETS)) byId(`${field}-field`).hidden = true;
  const secret = SECRETS[credential.kind];
  if (secret) byId(`${secret.field}-field`).hidden = false;
}

const canSignIn = ({ kind }) => kind === 'Fido2' || kind in SECRETS;

/** Removes every secret from the page. */
export function endSignIn() {
  ending.abort();
  ending = new AbortController();
  added = undefined;
  for (const { field } of Object.values(SECRETS)) {
    byId(`sign-in-${field}`).value = '';
    problem(byId(`sign-in-${field}`), '');
  }
  for (const id of ['sign-in-problem', 'present-problem', 'signed-in-problem']) notice(byId(id));
  for (const id of ['sign-in', 'present-sign-in', 'sign-in-here']) release(byId(id));
}

async function signIn() {
  const secret = SECRETS[added.kind];
  if (!secret) return signedIn(await signInWithPasskey(ending));
  const input = byId(`sign-in-${secret.field}`);
  const typed = secret.read(input.value);
  if (problem(input, typed ? '' : 'Type it first.')) return;
  // It takes seconds on a slow phone.
  announce('Working…');
  byId('sign-in').textContent = 'Working…';
  const user = await signInWithSecret(added.credentialUuid, typed);
  if (!problem(input, user ? '' : secret.wrong)) signedIn(user);
}

function signedIn(user) {
  endSignIn();
  show(user);
  document.title = 'Signed in · App 2';
  showSection('signed-in');
}

function show(user) {
  byId('who').hidden = !user;
  byId('user').textContent = user ?? '';
  byId('signed-in-as').textContent = user ?? '';
}

/** Shows somebody who comes without a code that they are signed in from before. */
export async function showSignedIn() {
  // The person need not know it. So a server that does not answer says nothing here.
  const user = await whoIsSignedIn().catch(() => undefined);
  if (user) show(user);
}

/** Does it, and says beside the button what went wrong. */
async function trying(box, what) {
  const mine = ending;
  notice(byId(box));
  try {
    await what();
  } catch (error) {
    if (!mine.signal.aborted) notice(byId(box), explainSigning(error));
  } finally {
    byId('sign-in').textContent = LABEL;
  }
}

export function startSignIn() {
  byId('sign-in-form').addEventListener('submit', (event) => {
    event.preventDefault();
    busy(byId('sign-in'), () => trying('sign-in-problem', signIn));
  });
  const withPasskey = async () => signedIn(await signInWithPasskey(ending));
  byId('present-sign-in').addEventListener('click', ({ currentTarget }) =>
    busy(currentTarget, () => trying('present-problem', withPasskey)),
  );
  byId('sign-in-here').addEventListener('click', ({ currentTarget }) =>
    busy(currentTarget, () => trying('enter-problem', withPasskey)),
  );
  byId('sign-out').addEventListener('click', ({ currentTarget }) =>
    busy(currentTarget, () =>
      trying('signed-in-problem', async () => {
        await signOut();
        show(undefined);
        showSection('enter');
      }),
    ),
  );
}

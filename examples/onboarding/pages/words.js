// What to say when something is refused: what happened, and what to do next.

import { Refusal } from './enroll.js';

/**
 * Words for what the server refused. `next` is what helps: `code` (a new code), `again` (the same once more; a challenge is still good), `wait` (the same, later), or
 * `other` (another kind, device or address).
 */
export function explain(error) {
  const words = error instanceof Refusal ? REFUSALS[error.code] : undefined;
  if (typeof words === 'function') return words(error);
  // The person can do nothing about it; whoever develops has to see it.
  if (!words) console.error(error);
  return words ?? UNKNOWN;
}

/** The same where a passkey is made, which the browser may refuse as well. */
export function explainPasskey(error) {
  const words = error instanceof DOMException ? EXCEPTIONS[error.name] : undefined;
  return words ?? explain(error);
}

const UNKNOWN = {
  title: 'Something went wrong',
  text: 'That was not your fault. Try again in a moment.',
  next: 'again',
};

const NO_ANSWER = {
  title: 'The server can’t be reached',
  text: 'Check your connection, then try again.',
  next: 'again',
};

/** By the `code` of a refusal. The server's own message is for developers, and its wording may change. */
const REFUSALS = {
  invalid_code: {
    title: 'This code doesn’t work',
    text: 'It may be mistyped, used already, or more than a minute old. Check it against the other screen, or make a new one there.',
    next: 'code',
  },
  invalid_challenge: {
    title: 'This took too long',
    text: 'Nothing was added, unless your list on the other device shows it. Make a new code there and start again.',
    next: 'code',
  },
  invalid_attestation: {
    title: 'This wasn’t accepted',
    text: 'A passkey has to ask for your fingerprint, face or PIN. Try again, or use another authenticator.',
    // If the challenge is spent, the next attempt says that a new code is needed.
    next: 'again',
  },
  duplicate_credential: {
    title: 'You have this one already',
    text: 'It is in your list. Try again with another device or security key.',
    next: 'again',
  },
  too_many_attempts: ({ retryAfter }) => ({
    title: 'Too many attempts',
    text: `To keep your account safe, wait ${duration(retryAfter)} and try again.`,
    next: 'wait',
  }),
  forbidden: {
    title: 'Not allowed here',
    text: 'This address isn’t known to the server, or what you asked for isn’t allowed. Open the address that your other device shows.',
    next: 'other',
  },
  conflict: {
    title: 'This is decided already',
    text: 'It was done in another window, or its time was over.',
    next: 'other',
  },
  invalid_check_code: {
    title: 'That isn’t the number',
    text: 'Compare it with the number on the other device.',
    next: 'again',
  },
  invalid_token: {
    title: 'We don’t know what became of it',
    text: 'Look in the list of the app that made the code.',
    next: 'other',
  },
  not_found: {
    title: 'That is gone',
    text: 'It ended a while ago. Reload the page.',
    next: 'other',
  },
  unauthenticated: {
    title: 'You are signed out',
    text: 'Reload the page to sign in again.',
    next: 'other',
  },
  invalid_request: {
    title: 'The server didn’t understand',
    text: 'Check what you entered, and try again. If that does not help, reload the page.',
    next: 'again',
  },
  offline: NO_ANSWER,
  timeout: { ...NO_ANSWER, title: 'The server took too long' },
  unavailable: {
    title: 'The service is down for a moment',
    text: 'Nothing is lost. Try again shortly.',
    next: 'again',
  },
};

/** By the name of what the browser throws when a passkey is made. */
const EXCEPTIONS = {
  NotAllowedError: {
    title: 'No passkey was made',
    text: 'The passkey window was closed, or it waited too long. You don’t need a new code: just try again.',
    next: 'again',
  },
  AbortError: {
    title: 'No passkey was made',
    text: 'The passkey window was closed. You don’t need a new code: just try again.',
    next: 'again',
  },
  InvalidStateError: {
    title: 'This device has a passkey for you already',
    text: 'You can sign in with it, so there is nothing to add. To add one elsewhere, try again and choose another device or security key.',
    next: 'again',
  },
  ConstraintError: {
    title: 'This authenticator can’t check who you are',
    text: 'Set up a fingerprint, face or PIN on it, or try again with another one.',
    next: 'again',
  },
  NotSupportedError: {
    title: 'This authenticator is too old',
    text: 'It knows none of the signatures that are asked for. Try again with another one.',
    next: 'again',
  },
  SecurityError: {
    title: 'Passkeys don’t work at this address',
    text: 'A passkey needs a domain name and HTTPS. Open the address that your other device shows, or add another kind of credential.',
    next: 'other',
  },
};

/** What the other app said, other than yes. */
export const OUTCOMES = {
  refused: {
    title: 'The other app refused it',
    text: 'Nothing was added. If that was a mistake, make a new code there and start again.',
  },
  lapsed: {
    title: 'Nobody approved it in time',
    text: 'Nothing was added. Make a new code in the other app and start again.',
  },
  revoked: {
    title: 'The other app ended it',
    text: 'Nothing was added. If that was a mistake, make a new code there and start again.',
  },
  undone: {
    title: 'It was taken back',
    text: 'It was added, and taken back by the link in a mail. It signs nobody in any more.',
  },
};

/** A wait in words. */
function duration(seconds) {
  if (seconds <= 0) return 'a minute';
  if (seconds < 60) return seconds === 1 ? 'a second' : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? 'a minute' : `${minutes} minutes`;
}

/** The kinds of credentials, as people call them. */
export const KINDS = {
  Fido2: 'Passkey',
  Key: 'Key',
  PasswordProtectedKey: 'Password-protected key',
  RecoveryKey: 'Recovery key',
};

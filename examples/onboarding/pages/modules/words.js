// The words for each refusal: what happened, and what to do next. They are English; translate this
// file.

import { Refusal } from './refusal.js';

/**
 * @typedef {object} Words
 * @property {string} title What happened.
 * @property {string} text What to do now.
 * @property {'code' | 'again' | 'wait' | 'other'} next What helps: a new code, the same once more (a challenge
 *   is still good), the same later, or another kind, device or address.
 */

/** The kinds, as people call them. @type {Record<string, string>} */
export const KINDS = {
  Fido2: 'Passkey',
  Key: 'Key',
  PasswordProtectedKey: 'Password-protected key',
  RecoveryKey: 'Recovery key',
};

/** Returns words for an error. @param {unknown} error @returns {Words} */
export function explain(error) {
  const words = error instanceof Refusal ? REFUSALS[error.code] : undefined;
  if (error instanceof Refusal && error.code === 'too_many_attempts') return tooMany(error.retryAfter);
  // The person can do nothing about it. The developer has to see it.
  if (!words) console.error(error);
  return words ?? UNKNOWN;
}

/**
 * Returns the same where a passkey is made. The browser may refuse that as well.
 *
 * @param {unknown} error
 */
export function explainPasskey(error) {
  const words = error instanceof DOMException ? EXCEPTIONS[error.name] : undefined;
  return words ?? explain(error);
}

/** Returns the same where a passkey signs. @param {unknown} error */
export function explainSigning(error) {
  const isClosed = error instanceof DOMException && ['NotAllowedError', 'AbortError'].includes(error.name);
  return isClosed ? NOT_SIGNED : explainPasskey(error);
}

/** Returns a wait in words. @param {number} seconds */
export function waitWords(seconds) {
  if (seconds <= 0) return 'a minute';
  if (seconds < 60) return seconds === 1 ? 'a second' : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? 'a minute' : `${minutes} minutes`;
}

/** @param {number} seconds @returns {Words} */
const tooMany = (seconds) => ({
  title: 'Too many attempts',
  text: `To keep your account safe, wait ${waitWords(seconds)} and try again.`,
  next: 'wait',
});

/** @type {Words} */
const UNKNOWN = {
  title: 'Something went wrong',
  text: 'That was not your fault. Try again in a moment.',
  next: 'again',
};

/** @type {Words} */
const NO_ANSWER = {
  title: 'The server can’t be reached',
  text: 'Check your connection, then try again.',
  next: 'again',
};

/** @type {Words} */
const NOT_SIGNED = {
  title: 'No passkey was used',
  text: 'The passkey window was closed, or this device has no passkey for this site. Try again.',
  next: 'again',
};

/**
 * By the `code` of a refusal. The server's own message is for developers, and its wording may
 * change.
 *
 * @type {Record<string, Words>}
 */
const REFUSALS = {
  invalid_code: {
    title: 'This code doesn’t work',
    text: 'It may be mistyped, used already, or more than a minute old. Check it against the other app, or make a new one there.',
    next: 'code',
  },
  invalid_challenge: {
    title: 'This took too long',
    text: 'Nothing was added, unless your list in the other app shows it. Make a new code there and start again.',
    next: 'code',
  },
  invalid_attestation: {
    title: 'This wasn’t accepted',
    text: 'A passkey has to ask for your fingerprint, face or PIN. Try again, or use another device or security key.',
    // If the challenge is spent, the next attempt says that a new code is needed.
    next: 'again',
  },
  invalid_assertion: {
    title: 'This does not sign you in',
    text: 'It may have been removed. Try another way to sign in.',
    next: 'other',
  },
  duplicate_credential: {
    title: 'You have this one already',
    text: 'It is in your list. Try again with another device or security key.',
    next: 'again',
  },
  too_many_credentials: {
    title: 'Your list is full',
    text: 'Remove a way to sign in that you no longer use, then try again.',
    next: 'other',
  },
  last_credential: {
    title: 'This is your last way to sign in',
    text: 'Add another one first, or you can’t sign in any more.',
    next: 'other',
  },
  step_up_required: {
    title: 'Sign in again',
    text: 'For this we need to know that it is you. Sign in again, then try once more.',
    next: 'other',
  },
  user_action_required: {
    title: 'This needs your confirmation',
    text: 'Confirm it with a way to sign in that you have already, then try once more.',
    next: 'other',
  },
  forbidden: {
    title: 'Not allowed here',
    text: 'This address isn’t known to the server, or what you asked for isn’t allowed. Open the address that your other app shows.',
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
    text: 'It ended a while ago, or was removed. Reload the page.',
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

/** By the name of the exception that the browser throws. @type {Record<string, Words>} */
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
    title: 'This device has your passkey already',
    text: 'Good: there is nothing to add here, and you can sign in with it now.',
    next: 'other',
  },
  ConstraintError: {
    title: 'This device can’t check who you are',
    text: 'Set up a fingerprint, face or PIN on it, or try again with another one.',
    next: 'again',
  },
  NotSupportedError: {
    title: 'This device is too old for passkeys',
    text: 'It knows none of the signatures that are asked for. Try again with another one.',
    next: 'again',
  },
  SecurityError: {
    title: 'Passkeys don’t work at this address',
    text: 'A passkey needs a domain name and HTTPS. Open the address that your other app shows, or add something else.',
    next: 'other',
  },
};

/** The owner's answers, other than yes. @type {Record<string, Words>} */
export const OUTCOMES = {
  refused: {
    title: 'The other app refused it',
    text: 'Nothing was added. If that was a mistake, make a new code there and start again.',
    next: 'code',
  },
  lapsed: {
    title: 'Nobody approved it in time',
    text: 'Nothing was added. Make a new code in the other app and start again.',
    next: 'code',
  },
  revoked: {
    title: 'The other app ended it',
    text: 'Nothing was added. If that was a mistake, make a new code there and start again.',
    next: 'code',
  },
  expired: {
    title: 'This took too long',
    text: 'Nothing was added. Make a new code in the other app and start again.',
    next: 'code',
  },
  undone: {
    title: 'It was taken back',
    text: 'It was added, and taken back by the link in a mail. It signs nobody in any more.',
    next: 'code',
  },
};

// The client of the code flow: a code buys a challenge, the challenge answered becomes a credential.
//
//   import { createPasskey, exchange, register } from './enroll.js';
//
//   const challenge = await exchange('a7u ky6 9pt', 'Fido2');    // spends the code
//   const proof = await createPasskey(challenge);                // may be repeated, if the person cancels it
//   const credential = await register(challenge, 'My phone', { credentialInfo: proof });
//   credential.approval;                       // if its owner is asked first: see outcome
//
// No globals, no page, no dependencies: copy it. Every refusal is a `Refusal`, whose `code` says what kind; what the browser itself refuses
// (the dialog was cancelled, the authenticator has a passkey already) is the DOMException that it throws. Recovery keys and
// password-protected keys are made by keys.js.

/** Where the three endpoints are. */
const ENDPOINTS = '/auth/credentials/code';

/** Where it is asked what became of a code. */
export const ENROLMENTS = '/auth/credentials/enrolments';

/** No answer takes longer, in milliseconds. */
const PATIENCE = 15_000;

/** How long the server waits for news before it answers, in seconds. It allows 25. */
const WAIT = 20;
const PATIENCE_FOR_NEWS = PATIENCE + 1_000 * WAIT;

/**
 * The server said no, or said nothing.
 *
 * `code` is the server's (`invalid_code`, `too_many_attempts`, …), or `offline` or `timeout` if there was no answer. Then nobody knows
 * whether the request was carried out.
 */
export class Refusal extends Error {
  constructor(code, message, { status = 0, retryAfter = 0 } = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.status = status;
    /** Seconds to wait before another attempt. */
    this.retryAfter = retryAfter;
  }
}

/** Step 2: spends the code, and gets a challenge for a credential of this kind. It can be answered for five minutes. */
export function exchange(code, credentialKind) {
  return post(`${ENDPOINTS}/init`, { code, credentialKind });
}

/** Step 3: hands in the answer, and gets the credential. `proof` is what `createPasskey` or `createKey` made. */
export function register(challenge, credentialName, { credentialInfo, encryptedPrivateKey }) {
  const body = {
    challengeIdentifier: challenge.challengeIdentifier,
    credentialKind: challenge.kind,
    credentialName,
    credentialInfo,
  };
  // The server refuses the member where there is nothing to keep.
  if (encryptedPrivateKey !== undefined) body.encryptedPrivateKey = encryptedPrivateKey;
  return post(`${ENDPOINTS}/verify`, body);
}

/**
 * What became of a credential whose register answer had an `approval`: `{ stage, expiration }`. With
 * `after` the server answers when that is no longer the stage, or after a while all the same.
 */
export function outcome({ token }, after) {
  const wait = after && WAIT;
  return post(`${ENROLMENTS}/outcome`, { token, after, wait }, {}, PATIENCE_FOR_NEWS);
}

/** What became of a code, for the user who minted it: in the same way, by the enrolment's id. */
export function news(id, after, headers) {
  return send(`${ENROLMENTS}/${id}?after=${after}&wait=${WAIT}`, { headers }, PATIENCE_FOR_NEWS);
}

/** Takes back the credential that the token of a notice names. */
export const undo = (token) => post(`${ENROLMENTS}/undo`, { token });

/**
 * The code in what a person typed or pasted, in capitals and without blanks and punctuation, or `undefined` if there is none. It may be the
 * whole link, or a sentence around a code as it is shown: `Your code: A7U-KY6-9PT.`
 */
export function readCode(typed) {
  const text = typed.replace(/^.*#/s, '').replace(/\p{Dash}/gu, '-').toUpperCase();
  const words = text.split(/[^A-Z\d-]+/);
  // First as it is shown, for a word such as `the` is made of the same symbols; then undivided in a sentence; then as nothing but a code.
  const shown = words.filter((word) => /^([A-HJ-NP-Z2-9]{3}-){2}[A-HJ-NP-Z2-9]{3}$/.test(word));
  const undivided = words.filter((word) => /^[A-HJ-NP-Z2-9]{9}$/.test(word));
  const found = [shown, undivided, [text]].find((candidates) => candidates.length > 0);
  // Of two nobody knows which one is meant.
  if (found.length > 1) return undefined;
  const symbols = found[0].replace(/[\s\u200b\p{P}\p{S}]/gu, '');
  // I, O, 0 and 1 never occur in one, and nine symbols are the fewest.
  return /^[A-HJ-NP-Z2-9]{9,52}$/.test(symbols) ? symbols : undefined;
}

/** Whether passkeys can be made at all on this page: not without HTTPS (or localhost), not on a bare IP address. */
export function canCreatePasskeys() {
  const isAddress = /^[\d.]+$|^\[/.test(location.hostname);
  return isSecureContext && !isAddress && typeof PublicKeyCredential === 'function';
}

/**
 * Answers a challenge with a new passkey. The browser asks the person, who may cancel: the same challenge is then still good. A `signal` closes
 * the browser's dialog when your page goes on without it.
 */
export async function createPasskey(challenge, { signal } = {}) {
  const publicKey = creationOptions(challenge.publicKey);
  const credential = await navigator.credentials.create({ publicKey, signal });
  const { id, response } = credential;
  return {
    credId: id,
    clientData: toBase64url(response.clientDataJSON),
    attestationData: toBase64url(response.attestationObject),
    // How to reach it, and whether it is found without a user name. Older browsers say neither.
    transports: response.getTransports?.() ?? [],
    credProps: { rk: credential.getClientExtensionResults().credProps?.rk },
  };
}

/** The server's options as the browser wants them. */
function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) {
    return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  }
  // Older browsers: the same by hand.
  return {
    ...json,
    challenge: fromBase64url(json.challenge),
    user: { ...json.user, id: fromBase64url(json.user.id) },
    excludeCredentials: json.excludeCredentials.map((known) => ({ ...known, id: fromBase64url(known.id) })),
  };
}

/**
 * Tells the authenticator to drop a passkey that the server refused, so that nobody is offered one that opens nothing. Only for a refusal by
 * the server: after `offline` or `timeout` the passkey may well be registered.
 */
export async function forgetPasskey(challenge, { credId }) {
  const unknown = { rpId: challenge.rp.id, credentialId: credId };
  // Few browsers can, and it is a courtesy: nothing depends on it.
  await PublicKeyCredential.signalUnknownCredential?.(unknown).catch(() => {});
}

/** Sends JSON and reads the answer. */
export const post = (path, body, headers = {}, patience = PATIENCE) =>
  send(
    path,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    },
    patience,
  );

/** Asks, and reads the answer. Throws a `Refusal` for everything but success. */
export async function send(path, request, patience = PATIENCE) {
  let response, answer;
  try {
    response = await fetch(path, {
      ...request,
      cache: 'no-store',
      // Neither step needs to know who is signed in here.
      credentials: 'omit',
      signal: AbortSignal.timeout(patience),
    });
    answer = await response.json();
  } catch (error) {
    if (error.name === 'TimeoutError') throw new Refusal('timeout', 'The server did not answer in time.');
    if (!response) throw new Refusal('offline', 'The server can not be reached.');
    throw new Refusal('internal', `${path} answered ${response.status} without JSON`, { status: response.status });
  }
  if (response.ok) return answer;
  const { code = 'internal', message = 'Something went wrong.' } = answer.error ?? {};
  const retryAfter = Number(response.headers.get('retry-after')) || 0;
  throw new Refusal(code, message, { status: response.status, retryAfter });
}

/** Bytes as base64url without padding, as everything on the wire is. */
export function toBase64url(bytes) {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The bytes again. */
export function fromBase64url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

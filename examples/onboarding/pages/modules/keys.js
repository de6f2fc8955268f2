// Keys that are made in the browser with WebCrypto, and leave it only encrypted.
//
//   const recoveryCode = newRecoveryCode();                                // show it once, to be printed
//   const proof = await createKey(challenge, { secret: recoveryCode, origin: location.origin });
//   await client.register(challenge, 'Recovery key', proof);
//
// A password-protected key and a recovery key differ in one thing. The person chooses the secret of
// the first, and we make that of the second.

import { fromBase64url, toBase64url, utf8 } from './base64url.js';

/** @import { Challenge, Proof } from './wire.js' */

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGN = { name: 'ECDSA', hash: 'SHA-256' };

/**
 * OWASP's number for PBKDF2 with SHA-256. It stands beside each key that it protects, so a later
 * release may raise it. The published Dfns signers use their own parameters, which they do not
 * store. To unlock these keys with them, use theirs.
 */
const ITERATIONS = 600_000;

/** As in one-time codes: without I, O, 0 and 1, which people confuse. 32 symbols of five bits. */
const SYMBOLS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** Returns a secret that nobody guesses, to be printed: 160 bits in eight groups of four. */
export function newRecoveryCode() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return inFours(Array.from(bytes, (byte) => SYMBOLS[byte & 31]).join(''));
}

/**
 * Returns the one spelling of a recovery code that was typed: the secret that opens the key.
 *
 * @param {string} typed
 */
export const readRecoveryCode = (typed) =>
  inFours(
    typed
      .normalize('NFKC')
      .toUpperCase()
      .replace(/[^A-Z2-9]/g, ''),
  );

/** @param {string} symbols */
const inFours = (symbols) => symbols.match(/.{1,4}/g)?.join('-') ?? '';

/**
 * Answers a challenge with a new key, and encrypts its private half with a secret that stays here.
 *
 * @param {Challenge} challenge
 * @param {{ secret: string, origin: string }} how
 * @returns {Promise<Proof>}
 */
export async function createKey(challenge, { secret, origin }) {
  // It can be exported this once, to be encrypted.
  const pair = await crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const credentialInfo = await attest(challenge, pair, origin);
  return { credentialInfo, encryptedPrivateKey: await lock(pair.privateKey, secret) };
}

/**
 * Proves to the server that we hold the private half.
 *
 * @param {Challenge} challenge
 * @param {CryptoKeyPair} pair
 * @param {string} origin
 */
async function attest({ challenge }, { publicKey, privateKey }, origin) {
  const clientData = keyClientData('key.create', challenge, origin);
  const pem = await toPem(publicKey);
  const clientDataHash = toHex(await crypto.subtle.digest('SHA-256', clientData));
  // The server builds exactly this text again: these members, in this order.
  const signature = toHex(await sign(privateKey, utf8(JSON.stringify({ clientDataHash, publicKey: pem }))));
  return {
    credId: await keyId(publicKey),
    clientData: toBase64url(clientData),
    attestationData: toBase64url(utf8(JSON.stringify({ publicKey: pem, signature, algorithm: 'SHA256' }))),
  };
}

/**
 * Returns what a key signs, in the form that browsers use for a passkey.
 *
 * @param {'key.create' | 'key.get'} type
 * @param {string} challenge
 * @param {string} origin
 */
export const keyClientData = (type, challenge, origin) =>
  utf8(JSON.stringify({ type, challenge, origin, crossOrigin: false }));

/**
 * Encrypts a private key with a secret. The result has everything to decrypt it, except the secret.
 *
 * @param {CryptoKey} privateKey
 * @param {string} secret
 */
export async function lock(privateKey, secret) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const wrapping = await wrappingKey(secret, salt, ITERATIONS);
  // Wrapping exports and encrypts in one step: no script ever sees the bytes of the key.
  const key = await crypto.subtle.wrapKey('pkcs8', privateKey, wrapping, { name: 'AES-GCM', iv });
  const parts = { salt: toBase64url(salt), iv: toBase64url(iv), key: toBase64url(key) };
  return JSON.stringify({ kdf: 'PBKDF2-SHA-256', iterations: ITERATIONS, ...parts });
}

/**
 * Decrypts the private key, to sign with. Rejects for a wrong secret.
 *
 * @param {string} encryptedPrivateKey
 * @param {string} secret
 */
export async function unlock(encryptedPrivateKey, secret) {
  const { iterations, salt, iv, key } = JSON.parse(encryptedPrivateKey);
  const wrapping = await wrappingKey(secret, fromBase64url(salt), iterations);
  const how = { name: 'AES-GCM', iv: fromBase64url(iv) };
  return crypto.subtle.unwrapKey('pkcs8', fromBase64url(key), wrapping, how, P256, false, ['sign']);
}

/** @param {string} secret @param {Uint8Array<ArrayBuffer>} salt @param {number} iterations */
async function wrappingKey(secret, salt, iterations) {
  // So a letter with an accent is the same on every keyboard.
  const material = utf8(secret.normalize('NFKC'));
  const base = await crypto.subtle.importKey('raw', material, 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return crypto.subtle.deriveKey(how, base, { name: 'AES-GCM', length: 256 }, false, [
    'wrapKey',
    'unwrapKey',
  ]);
}

/** Names a key: by the hash of its public half. @param {CryptoKey} publicKey */
export async function keyId(publicKey) {
  return toBase64url(await crypto.subtle.digest('SHA-256', await crypto.subtle.exportKey('spki', publicKey)));
}

/** Returns the public half in the form that the server reads. @param {CryptoKey} publicKey */
export async function toPem(publicKey) {
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
  const base64 = btoa(String.fromCharCode(...spki));
  return `-----BEGIN PUBLIC KEY-----\n${base64.match(/.{1,64}/g)?.join('\n')}\n-----END PUBLIC KEY-----`;
}

/**
 * Signs with P-256 and SHA-256. WebCrypto gives the two numbers side by side, but everybody else
 * wants them in DER.
 *
 * @param {CryptoKey} privateKey
 * @param {Uint8Array<ArrayBuffer>} message
 */
export async function sign(privateKey, message) {
  const raw = new Uint8Array(await crypto.subtle.sign(SIGN, privateKey, message));
  const numbers = [raw.subarray(0, 32), raw.subarray(32)].flatMap(derInteger);
  return new Uint8Array([0x30, numbers.length, ...numbers]);
}

/** @param {Uint8Array} bytes */
function derInteger(bytes) {
  // As short as possible, and never with a leading one bit, which would make it negative.
  let first = bytes.findIndex((byte) => byte !== 0);
  if (first < 0) first = bytes.length - 1;
  const shortest = [...bytes.subarray(first)];
  if (bytes[first] & 0x80) shortest.unshift(0);
  return [0x02, shortest.length, ...shortest];
}

/** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} bytes */
const toHex = (bytes) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

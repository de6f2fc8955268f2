/** Returns a secret that nobody guesses, to be printed: 160 bits in eight groups of four. */
export function newRecoveryCode(): string;
/**
 * Answers a challenge with a new key, and encrypts its private half with a secret that stays here.
 *
 * @param {Challenge} challenge
 * @param {{ secret: string, origin: string }} how
 * @returns {Promise<Proof>}
 */
export function createKey(challenge: Challenge, { secret, origin }: {
    secret: string;
    origin: string;
}): Promise<Proof>;
/**
 * Encrypts a private key with a secret. The result has everything to decrypt it, except the secret.
 *
 * @param {CryptoKey} privateKey
 * @param {string} secret
 */
export function lock(privateKey: CryptoKey, secret: string): Promise<string>;
/**
 * Decrypts the private key, to sign with. Rejects for a wrong secret.
 *
 * @param {string} encryptedPrivateKey
 * @param {string} secret
 */
export function unlock(encryptedPrivateKey: string, secret: string): Promise<CryptoKey>;
/** Names a key: by the hash of its public half. @param {CryptoKey} publicKey */
export function keyId(publicKey: CryptoKey): Promise<string>;
/** Returns the public half in the form that the server reads. @param {CryptoKey} publicKey */
export function toPem(publicKey: CryptoKey): Promise<string>;
/**
 * Signs with P-256 and SHA-256. WebCrypto gives the two numbers side by side, but everybody else
 * wants them in DER.
 *
 * @param {CryptoKey} privateKey
 * @param {Uint8Array<ArrayBuffer>} message
 */
export function sign(privateKey: CryptoKey, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
export function readRecoveryCode(typed: string): string;
export function keyClientData(type: "key.create" | "key.get", challenge: string, origin: string): Uint8Array<ArrayBuffer>;
import type { Challenge } from './wire.js';
import type { Proof } from './wire.js';

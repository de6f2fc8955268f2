// The key that makes a browser itself a credential. It is made on the first visit and stays in
// IndexedDB. No script can read its private half.

import { keyId, toPem } from './keys.js';

/** @param {{ database?: string }} [options] */
export async function browserKey({ database = 'credential-code' } = {}) {
  const opened = await open(database);
  try {
    const pair = (await done(keysOf(opened, 'readonly').get('signing'))) ?? (await makeKey(opened));
    const [credId, publicKey] = await Promise.all([keyId(pair.publicKey), toPem(pair.publicKey)]);
    return { credId, publicKey, privateKey: /** @type {CryptoKey} */ (pair.privateKey) };
  } finally {
    opened.close();
  }
}

/**
 * Drops the key, once the server no longer knows it. The next visit makes another one.
 *
 * @param {{ database?: string }} [options]
 */
export async function forgetBrowserKey({ database = 'credential-code' } = {}) {
  const opened = await open(database);
  try {
    await done(keysOf(opened, 'readwrite').delete('signing'));
  } finally {
    opened.close();
  }
}

/** @param {IDBDatabase} opened @returns {Promise<CryptoKeyPair>} */
async function makeKey(opened) {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  // Two pages that open at the same time may both be here. The first one wins.
  const keys = keysOf(opened, 'readwrite');
  const stored = await done(keys.get('signing'));
  if (stored) return stored;
  await done(keys.add(pair, 'signing'));
  return pair;
}

/** @param {IDBDatabase} opened @param {IDBTransactionMode} mode */
const keysOf = (opened, mode) => opened.transaction('keys', mode).objectStore('keys');

/** @param {string} database */
function open(database) {
  const opening = indexedDB.open(database, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
  return done(opening);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

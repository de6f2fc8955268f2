// The key by which app 1 is a credential itself, and how it signs what a user is about to do.
//
// Minting a code is as good as adding a credential, so a session alone must not be enough for it: an existing credential signs the very request.

import { post, toBase64url } from './enroll.js';
import { keyId, sign, toPem, utf8 } from './keys.js';

/** This browser's key. It is made on the first visit and stays in the browser: no script can read its private half. */
export async function browserKey() {
  const database = await openDatabase();
  try {
    const stored = await request(database.transaction('keys').objectStore('keys').get('signing'));
    const pair = stored ?? (await makeKey(database));
    return {
      credId: await keyId(pair.publicKey),
      publicKey: await toPem(pair.publicKey),
      privateKey: pair.privateKey,
    };
  } finally {
    database.close();
  }
}

async function makeKey(database) {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  // Two pages that open at once may both be here. The first one wins.
  const keys = database.transaction('keys', 'readwrite').objectStore('keys');
  const stored = await request(keys.get('signing'));
  if (stored) return stored;
  await request(keys.add(pair, 'signing'));
  return pair;
}

/** Sends a request that the key has signed: its method, its path and its body. */
export async function postSigned(path, body, { key, token }) {
  const authorization = { authorization: `Bearer ${token}` };
  const challenge = await post(
    '/auth/action/init',
    {
      userActionPayload: JSON.stringify(body),
      userActionHttpMethod: 'POST',
      userActionHttpPath: path,
      userActionServerKind: 'Api',
    },
    authorization,
  );
  const { userAction } = await post(
    '/auth/action',
    { challengeIdentifier: challenge.challengeIdentifier, firstFactor: await answer(challenge, key) },
    authorization,
  );
  return post(path, body, { ...authorization, 'x-dfns-useraction': userAction });
}

async function answer({ challenge }, { credId, privateKey }) {
  const clientData = utf8(
    JSON.stringify({ type: 'key.get', challenge, origin: location.origin, crossOrigin: false }),
  );
  const signature = toBase64url(await sign(privateKey, clientData));
  return { kind: 'Key', credentialAssertion: { credId, clientData: toBase64url(clientData), signature } };
}

function openDatabase() {
  const opening = indexedDB.open('onboarding', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
  return request(opening);
}

function request(pending) {
  return new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result);
    pending.onerror = () => reject(pending.error);
  });
}

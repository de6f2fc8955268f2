// Signs in at app 2. Each application does that in its own way, and this is the example's.

import { createClient } from './modules/client.js';
import { unlock } from './modules/keys.js';
import { getPasskey } from './modules/passkeys.js';
import { keySigner } from './modules/signing.js';

/** The session is a cookie that no script can read. */
const client = createClient({ credentials: 'same-origin' });

/** Signs in with a passkey of this site, which the person chooses. Returns the user's name. */
export async function signInWithPasskey({ signal } = {}) {
  const { challengeIdentifier, publicKey } = await client.send('POST', '/demo/sign-in/init', {}, { signal });
  const credential = await getPasskey(publicKey, { signal });
  const { user } = await client.send(
    'POST',
    '/demo/sign-in',
    { challengeIdentifier, credential },
    { signal },
  );
  return user;
}

/** Signs in with a key that a password or a recovery code opens. Returns the user's name, or `undefined` for a wrong secret. */
export async function signInWithSecret(credentialUuid, secret) {
  const begun = await client.send('POST', '/demo/sign-in/key/init', { credentialUuid });
  const privateKey = await unlock(begun.encryptedPrivateKey, secret).catch(() => undefined);
  if (!privateKey) return undefined;
  const sign = keySigner({ credId: begun.credentialId, privateKey }, { origin: location.origin });
  const { clientData, signature } = (await sign(begun)).credentialAssertion;
  const { user } = await client.send('POST', '/demo/sign-in/key', { credentialUuid, clientData, signature });
  return user;
}

/** Returns the name of the user who is signed in here, if anybody is. */
export const whoIsSignedIn = async () => (await client.send('GET', '/demo/sign-in')).user;

export const signOut = () => client.send('POST', '/demo/sign-out', {});

// Three ways to sign a user action. Each of these is a `sign` for `createClient`.
//
// A user may be about to do something that is as good as adding a credential. So a session alone
// must not be enough: an existing credential signs the very request.

import { toBase64url } from './base64url.js';
import { keyClientData, sign, unlock } from './keys.js';
import { getPasskey } from './passkeys.js';

/** @import { Sign } from './wire.js' */

/**
 * Signs by a key of this browser.
 *
 * @param {{ credId: string, privateKey: CryptoKey }} key
 * @param {{ origin: string, kind?: 'Key' | 'PasswordProtectedKey' }} how
 * @returns {Sign}
 */
export const keySigner =
  ({ credId, privateKey }, { origin, kind = 'Key' }) =>
  async ({ challenge }) => {
    const clientData = keyClientData('key.get', challenge, origin);
    const signature = toBase64url(await sign(privateKey, clientData));
    return { kind, credentialAssertion: { credId, clientData: toBase64url(clientData), signature } };
  };

/**
 * Signs by a key that a password opens. Rejects if the password opens none of the user's keys.
 *
 * @param {{ password: string, origin: string }} how
 * @returns {Sign}
 */
export const passwordSigner =
  ({ password, origin }) =>
  async (challenge) => {
    const opened = challenge.allowCredentials.passwordProtectedKey.map(
      async ({ id, encryptedPrivateKey = '' }) => {
        const key = { credId: id, privateKey: await unlock(encryptedPrivateKey, password) };
        return keySigner(key, { origin, kind: 'PasswordProtectedKey' })(challenge);
      },
    );
    return Promise.any(opened);
  };

/** Signs by a passkey. The browser asks the person. @returns {Sign} */
export const passkeySigner =
  () =>
  async ({ challenge, rp, allowCredentials, userVerification }, options = {}) => {
    const asked = { challenge, rpId: rp.id, userVerification, allowCredentials: allowCredentials.webauthn };
    const { id, response } = await getPasskey(asked, options);
    const { clientDataJSON: clientData, ...signed } = response;
    return { kind: 'Fido2', credentialAssertion: { credId: id, clientData, ...signed } };
  };

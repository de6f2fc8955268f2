// Makes passkeys, uses them, and takes them off the list of an authenticator.

import { fromBase64url, toBase64url } from './base64url.js';

/**
 * @import { Challenge, Options, Proof } from './wire.js'
 *
 * @typedef {object} RequestOptionsJSON The options of a sign-in, as the server makes them.
 * @property {string} challenge
 * @property {string} rpId
 * @property {number} [timeout]
 * @property {UserVerificationRequirement} [userVerification]
 * @property {PublicKeyCredentialDescriptorJSON[]} [allowCredentials]
 */

/**
 * Tells whether this page can make passkeys at all. It can't without HTTPS (or localhost), and not
 * on a bare address.
 */
export function canCreatePasskeys({ hostname = location.hostname } = {}) {
  const isAddress = /^[\d.]+$|^\[/.test(hostname);
  return isSecureContext && !isAddress && typeof PublicKeyCredential === 'function';
}

/**
 * Answers a challenge with a new passkey. The browser asks the person, who may cancel: the
 * challenge is then still good. A `signal` closes the dialog.
 *
 * @param {Challenge} challenge
 * @param {Options} [options]
 * @returns {Promise<Proof>}
 */
export async function createPasskey(challenge, { signal } = {}) {
  if (!challenge.publicKey) throw new TypeError('The challenge is not for a passkey.');
  /** @type {CredentialCreationOptions} */
  const options = { publicKey: creationOptions(challenge.publicKey) };
  if (signal) options.signal = signal;
  const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create(options));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  const { rk } = made.getClientExtensionResults().credProps ?? {};
  return {
    credentialInfo: {
      credId: made.id,
      clientData: toBase64url(response.clientDataJSON),
      attestationData: toBase64url(response.attestationObject),
      // The transports, and whether it is found without a user name (discoverable). Older browsers
      // say neither.
      transports: response.getTransports?.() ?? [],
      credProps: rk === undefined ? {} : { rk },
    },
  };
}

/**
 * Lets a passkey sign. Returns its `toJSON()`.
 *
 * @param {RequestOptionsJSON} json
 * @param {Options & { mediation?: CredentialMediationRequirement }} [options]
 */
export async function getPasskey(json, { signal, mediation } = {}) {
  /** @type {CredentialRequestOptions} */
  const options = { publicKey: requestOptions(json) };
  if (signal) options.signal = signal;
  if (mediation) options.mediation = mediation;
  const used = /** @type {PublicKeyCredential} */ (await navigator.credentials.get(options));
  const response = /** @type {AuthenticatorAssertionResponse} */ (used.response);
  return {
    id: used.id,
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      authenticatorData: toBase64url(response.authenticatorData),
      signature: toBase64url(response.signature),
      ...(response.userHandle && { userHandle: toBase64url(response.userHandle) }),
    },
  };
}

/**
 * Tells the authenticator that the server does not know a passkey, so that nobody is offered one
 * that opens nothing. After `offline` or `timeout` the server may well know it.
 *
 * @param {string} rpId
 * @param {string} credentialId
 */
export const forgetPasskey = (rpId, credentialId) => tell('signalUnknownCredential', { rpId, credentialId });

/**
 * Tells the authenticator which passkeys of a user the server knows. The authenticator drops the
 * others.
 *
 * @param {string} rpId
 * @param {string} userId The user handle, in base64url.
 * @param {string[]} allAcceptedCredentialIds
 */
export const keepPasskeys = (rpId, userId, allAcceptedCredentialIds) =>
  tell('signalAllAcceptedCredentials', { rpId, userId, allAcceptedCredentialIds });

/**
 * Few browsers support it. It is a courtesy: nothing depends on it.
 *
 * @param {string} signal
 * @param {object} facts
 */
async function tell(signal, facts) {
  const all = /** @type {any} */ (globalThis.PublicKeyCredential);
  await all?.[signal]?.(facts)?.catch(() => {});
}

/** @param {PublicKeyCredentialCreationOptionsJSON} json */
function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON)
    return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  // Older browsers need the same by hand.
  return /** @type {PublicKeyCredentialCreationOptions} */ ({
    ...json,
    challenge: fromBase64url(json.challenge),
    user: { ...json.user, id: fromBase64url(json.user.id) },
    excludeCredentials: json.excludeCredentials?.map(descriptor),
  });
}

/** @param {RequestOptionsJSON} json */
const requestOptions = (json) =>
  /** @type {PublicKeyCredentialRequestOptions} */ ({
    ...json,
    challenge: fromBase64url(json.challenge),
    allowCredentials: json.allowCredentials?.map(descriptor),
  });

/** @param {PublicKeyCredentialDescriptorJSON} known */
const descriptor = (known) => ({ ...known, id: fromBase64url(known.id) });

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
export function canCreatePasskeys({ hostname }?: {
    hostname?: string | undefined;
}): boolean;
/**
 * Answers a challenge with a new passkey. The browser asks the person, who may cancel: the
 * challenge is then still good. A `signal` closes the dialog.
 *
 * @param {Challenge} challenge
 * @param {Options} [options]
 * @returns {Promise<Proof>}
 */
export function createPasskey(challenge: Challenge, { signal }?: Options): Promise<Proof>;
/**
 * Lets a passkey sign. Returns its `toJSON()`.
 *
 * @param {RequestOptionsJSON} json
 * @param {Options & { mediation?: CredentialMediationRequirement }} [options]
 */
export function getPasskey(json: RequestOptionsJSON, { signal, mediation }?: Options & {
    mediation?: CredentialMediationRequirement;
}): Promise<{
    id: string;
    response: {
        userHandle?: string | undefined;
        clientDataJSON: string;
        authenticatorData: string;
        signature: string;
    };
}>;
export function forgetPasskey(rpId: string, credentialId: string): Promise<void>;
export function keepPasskeys(rpId: string, userId: string, allAcceptedCredentialIds: string[]): Promise<void>;
/**
 * The options of a sign-in, as the server makes them.
 */
export type RequestOptionsJSON = {
    challenge: string;
    rpId: string;
    timeout?: number | undefined;
    userVerification?: UserVerificationRequirement | undefined;
    allowCredentials?: PublicKeyCredentialDescriptorJSON[] | undefined;
};
import type { Challenge } from './wire.js';
import type { Options } from './wire.js';
import type { Proof } from './wire.js';

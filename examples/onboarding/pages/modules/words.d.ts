/** Returns words for an error. @param {unknown} error @returns {Words} */
export function explain(error: unknown): Words;
/**
 * Returns the same where a passkey is made. The browser may refuse that as well.
 *
 * @param {unknown} error
 */
export function explainPasskey(error: unknown): Words;
/** Returns the same where a passkey signs. @param {unknown} error */
export function explainSigning(error: unknown): Words;
/** Returns a wait in words. @param {number} seconds */
export function waitWords(seconds: number): string;
/**
 * @typedef {object} Words
 * @property {string} title What happened.
 * @property {string} text What to do now.
 * @property {'code' | 'again' | 'wait' | 'other'} next What helps: a new code, the same once more (a challenge
 *   is still good), the same later, or another kind, device or address.
 */
/** The kinds, as people call them. @type {Record<string, string>} */
export const KINDS: Record<string, string>;
/** The owner's answers, other than yes. @type {Record<string, Words>} */
export const OUTCOMES: Record<string, Words>;
export type Words = {
    /**
     * What happened.
     */
    title: string;
    /**
     * What to do now.
     */
    text: string;
    /**
     * What helps: a new code, the same once more (a challenge
     * is still good), the same later, or another kind, device or address.
     */
    next: "code" | "again" | "wait" | "other";
};

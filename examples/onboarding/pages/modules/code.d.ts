/**
 * Returns the code in a text that a person typed or pasted, in capitals and without hyphens.
 * Returns `undefined` if there is none, or more than one. The text may be the whole link, or a
 * sentence: `Your code: A7U-KY6-9PT.`
 *
 * @param {string} typed
 */
export function readCode(typed: string): string | undefined;
export function grouped(code: string): string;

/**
 * Returns the code in what a person typed or pasted, in capitals and without hyphens, or `undefined` if there
 * is none, or more than one. It may be the whole link, or a sentence: `Your code: A7U-KY6-9PT.`
 *
 * @param {string} typed
 */
export function readCode(typed: string): string | undefined;
export function grouped(code: string): string;

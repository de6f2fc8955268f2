/** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} bytes */
export function toBase64url(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string;
/** @param {string} text */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer>;
export function utf8(text: string): Uint8Array<ArrayBuffer>;

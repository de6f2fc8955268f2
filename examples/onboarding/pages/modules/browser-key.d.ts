/** @param {{ database?: string }} [options] */
export function browserKey({ database }?: {
    database?: string;
}): Promise<{
    credId: string;
    publicKey: string;
    privateKey: CryptoKey;
}>;
/**
 * Drops the key, once the server no longer knows it. The next visit makes another one.
 *
 * @param {{ database?: string }} [options]
 */
export function forgetBrowserKey({ database }?: {
    database?: string;
}): Promise<void>;

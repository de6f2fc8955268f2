/** @param {{ database?: string }} [options] */
export function browserKey({ database }?: {
    database?: string;
}): Promise<{
    credId: string;
    publicKey: string;
    privateKey: CryptoKey;
}>;

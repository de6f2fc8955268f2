export function keySigner({ credId, privateKey }: {
    credId: string;
    privateKey: CryptoKey;
}, { origin, kind }: {
    origin: string;
    kind?: "Key" | "PasswordProtectedKey";
}): Sign;
export function passwordSigner({ password, origin }: {
    password: string;
    origin: string;
}): Sign;
export function passkeySigner(): Sign;
import type { Sign } from './wire.js';

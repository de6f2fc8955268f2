// Makes rsa_signatures.json: node make_rsa_vectors.mjs > rsa_signatures.json
//
// RSA signatures (PKCS#1 v1.5, SHA-256) with keys of sizes and exponents that libraries disagree on. Big integers are computed here, since
// Node makes no key with such an exponent. The keys are thrown away.

import { createHash, createPublicKey, generatePrimeSync } from "node:crypto";

const message = Buffer.from("a message");
const sizes = [2047, 2048, 2049, 2055, 3000, 4095, 4096, 4097].map((bits) => [bits, 65537n]);
const exponents = [1n, 3n, 17n, 65536n, 2n ** 32n + 15n, 2n ** 33n - 1n, 2n ** 33n + 1n].map((e) => [2048, e]);

function power(base, exponent, modulus) {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n, base = (base * base) % modulus) {
    if (exponent & 1n) result = (result * base) % modulus;
  }
  return result;
}

function inverse(number, modulus) {
  let [r, next, x, y] = [modulus, number % modulus, 0n, 1n];
  while (next > 0n) [r, next, x, y] = [next, r % next, y, x - (r / next) * y];
  return r === 1n ? ((x % modulus) + modulus) % modulus : undefined;
}

const bytes = (number, length) => Buffer.from(number.toString(16).padStart(2 * length, "0"), "hex");
const shortest = (number) => bytes(number, Math.ceil(number.toString(16).length / 2));

function signed([bits, e]) {
  for (;;) {
    const p = generatePrimeSync(bits >> 1, { bigint: true });
    const q = generatePrimeSync(bits - (bits >> 1), { bigint: true });
    const n = p * q;
    // An even exponent has no inverse; its key is refused before any signature is looked at.
    const d = e % 2n ? inverse(e, (p - 1n) * (q - 1n)) : 1n;
    if (n.toString(2).length !== bits || d === undefined) continue;
    const length = Math.ceil(bits / 8);
    const info = Buffer.concat([
      Buffer.from("3031300d060960864801650304020105000420", "hex"),
      createHash("sha256").update(message).digest(),
    ]);
    const padding = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(length - 3 - info.length, 0xff), Buffer.from([0])]);
    const padded = BigInt("0x" + Buffer.concat([padding, info]).toString("hex"));
    const [jwkN, jwkE] = [n, e].map((number) => shortest(number).toString("base64url"));
    const key = createPublicKey({ key: { kty: "RSA", n: jwkN, e: jwkE }, format: "jwk" });
    return {
      bits,
      exponent: e.toString(),
      publicKeyDer: key.export({ type: "spki", format: "der" }).toString("base64url"),
      signature: bytes(power(padded, d, n), length).toString("base64url"),
    };
  }
}

const about = "Made by make_rsa_vectors.mjs beside this file: each signature is by its key over `message`.";
const vectors = [...sizes, ...exponents].map(signed);
console.log(JSON.stringify({ about, message: message.toString(), vectors }, null, 1));

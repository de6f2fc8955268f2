// Makes bench_registration.json: node make_bench_vectors.mjs > bench_registration.json
//
// Registrations of every kind of key that is accepted, and a passkey with an android-key statement, made with Node's crypto and
// JSON.stringify as the published clients make them. The keys are thrown away. The certificate of the android-key statement is
// made with openssl, which has to be installed.

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const origin = "https://app.example.com";
const sha256 = (data) => createHash("sha256").update(data).digest();
const base64url = (data) => Buffer.from(data).toString("base64url");

const keys = [
  ["p256", "ec", { namedCurve: "P-256" }],
  ["p384", "ec", { namedCurve: "P-384" }],
  ["p521", "ec", { namedCurve: "P-521" }],
  ["secp256k1", "ec", { namedCurve: "secp256k1" }],
  ["ed25519", "ed25519", {}],
  ["rsa2048", "rsa", { modulusLength: 2048 }],
  ["rsa3072", "rsa", { modulusLength: 3072 }],
  ["rsa4096", "rsa", { modulusLength: 4096 }],
].map(([id, type, options]) => {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  const challenge = base64url(randomBytes(32));
  const clientData = JSON.stringify({ type: "key.create", challenge, origin, crossOrigin: false });
  const pem = publicKey.export({ type: "spki", format: "pem" });
  const fingerprint = JSON.stringify({ clientDataHash: sha256(clientData).toString("hex"), publicKey: pem });
  const signature = sign(type === "ed25519" ? null : "sha256", Buffer.from(fingerprint), privateKey);
  const attestationData = JSON.stringify({ publicKey: pem, signature: signature.toString("hex") });
  return {
    id,
    challenge,
    origin,
    credId: base64url(sha256(pem)),
    clientData: base64url(clientData),
    attestationData: base64url(attestationData),
    signed: base64url(fingerprint),
    signature: base64url(signature),
    publicKeyDer: base64url(publicKey.export({ type: "spki", format: "der" })),
  };
});

// The few forms of CBOR that an attestation object needs.
const head = (major, n) =>
  Buffer.from(n < 24 ? [(major << 5) | n] : n < 256 ? [(major << 5) | 24, n] : [(major << 5) | 25, n >> 8, n & 255]);
const integer = (n) => (n < 0 ? head(1, -1 - n) : head(0, n));
const bytes = (data) => Buffer.concat([head(2, data.length), data]);
const text = (data) => Buffer.concat([head(3, data.length), Buffer.from(data)]);
const array = (items) => Buffer.concat([head(4, items.length), ...items]);
const map = (members) => Buffer.concat([head(5, members.length), ...members.flat()]);

// An extension of Android's: the key was generated in hardware, to sign for this very registration.
function keyDescription(clientDataHash) {
  const der = (tag, ...parts) => {
    const data = Buffer.concat(parts);
    return Buffer.concat([Buffer.from(tag), Buffer.from([data.length]), data]);
  };
  const number = (n) => der([0x02], Buffer.from([n]));
  const level = der([0x0a], Buffer.from([1]));
  const purposeIsToSign = der([0xa1], der([0x31], number(2)));
  const originIsGenerated = der([0xbf, 0x85, 0x3e], number(0));
  const [software, hardware] = [der([0x30]), der([0x30], purposeIsToSign, originIsGenerated)];
  return der(
    [0x30], number(3), level, number(4), level, der([0x04], clientDataHash), der([0x04]), software, hardware,
  );
}

function androidKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const credential = publicKey.export({ format: "jwk" });
  const [x, y] = [Buffer.from(credential.x, "base64url"), Buffer.from(credential.y, "base64url")];
  const challenge = base64url(randomBytes(32));
  const clientData = JSON.stringify({ type: "webauthn.create", challenge, origin, crossOrigin: false });

  const file = join(mkdtempSync(join(tmpdir(), "vectors-")), "credential.pem");
  writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const certificate = execFileSync("openssl", [
    "req", "-x509", "-key", file, "-subj", "/CN=Android Keystore Key", "-days", "36500", "-outform", "DER",
    "-addext", "basicConstraints=critical,CA:FALSE",
    "-addext", `1.3.6.1.4.1.11129.2.1.17=DER:${keyDescription(sha256(clientData)).toString("hex")}`,
  ]);

  const id = randomBytes(32);
  const cose = map([
    [integer(1), integer(2)], [integer(3), integer(-7)], [integer(-1), integer(1)], [integer(-2), bytes(x)], [integer(-3), bytes(y)],
  ]);
  const flags = Buffer.from([0x45, 0, 0, 0, 0]);
  const authData = Buffer.concat([
    sha256("example.com"), flags, randomBytes(16), Buffer.from([0, id.length]), id, cose,
  ]);
  const statement = map([
    [text("alg"), integer(-7)],
    [text("sig"), bytes(sign("sha256", Buffer.concat([authData, sha256(clientData)]), privateKey))],
    [text("x5c"), array([bytes(certificate)])],
  ]);
  const object = map([[text("fmt"), text("android-key")], [text("attStmt"), statement], [text("authData"), bytes(authData)]]);
  return {
    id: "android-key-es256",
    fmt: "android-key",
    rp_id: "example.com",
    origin,
    challenge_b64url: challenge,
    credId: base64url(id),
    clientData: base64url(clientData),
    attestationData: base64url(object),
  };
}

const about =
  "Made by make_bench_vectors.mjs beside this file. In `keys`, `signature` is what the key signs `signed` with: the fingerprint of client data and public key.";
console.log(JSON.stringify({ about, keys, passkeys: [androidKey()] }, null, 1));

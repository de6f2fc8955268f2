// Makes bench_registration.json: node make_bench_vectors.mjs > bench_registration.json
//
// Registrations of every kind of key that is accepted, and a passkey with a fido-u2f statement, made with Node's crypto and
// JSON.stringify as the published clients make them. The keys are thrown away. The certificate of the fido-u2f statement is
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

function fidoU2f() {
  const credential = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  const [x, y] = [Buffer.from(credential.x, "base64url"), Buffer.from(credential.y, "base64url")];
  const attester = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const file = join(mkdtempSync(join(tmpdir(), "vectors-")), "attester.pem");
  writeFileSync(file, attester.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const subject = "/C=AT/O=Example/OU=Authenticator Attestation/CN=Example";
  const certificate = execFileSync("openssl", [
    "req", "-x509", "-key", file, "-subj", subject, "-days", "36500", "-outform", "DER",
    "-addext", "basicConstraints=critical,CA:FALSE",
  ]);

  const challenge = base64url(randomBytes(32));
  const clientData = JSON.stringify({ type: "webauthn.create", challenge, origin, crossOrigin: false });
  const id = randomBytes(32);
  const relyingParty = sha256("example.com");
  const cose = map([
    [integer(1), integer(2)], [integer(3), integer(-7)], [integer(-1), integer(1)], [integer(-2), bytes(x)], [integer(-3), bytes(y)],
  ]);
  const flags = Buffer.from([0x45, 0, 0, 0, 0]);
  const authData = Buffer.concat([relyingParty, flags, Buffer.alloc(16), Buffer.from([0, id.length]), id, cose]);
  const point = Buffer.concat([Buffer.from([4]), x, y]);
  const signed = Buffer.concat([Buffer.from([0]), relyingParty, sha256(clientData), id, point]);
  const statement = map([
    [text("sig"), bytes(sign("sha256", signed, attester))],
    [text("x5c"), array([bytes(certificate)])],
  ]);
  const object = map([[text("fmt"), text("fido-u2f")], [text("attStmt"), statement], [text("authData"), bytes(authData)]]);
  return {
    id: "fido-u2f-es256",
    fmt: "fido-u2f",
    rp_id: "example.com",
    origin,
    challenge_b64url: challenge,
    credential_id_b64url: base64url(id),
    clientDataJSON_b64url: base64url(clientData),
    attestationObject_b64url: base64url(object),
  };
}

const about =
  "Made by make_bench_vectors.mjs beside this file. In `keys`, `signature` is what the key signs `signed` with: the fingerprint of client data and public key.";
console.log(JSON.stringify({ about, keys, passkeys: [fidoU2f()] }, null, 1));

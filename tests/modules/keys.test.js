// Keys are made here, leave encrypted, and sign what the server can verify.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';

import './platform.js';
import { fromBase64url, toBase64url } from '../../examples/onboarding/pages/modules/base64url.js';
import {
  createKey,
  newRecoveryCode,
  readRecoveryCode,
  sign,
  unlock,
} from '../../examples/onboarding/pages/modules/keys.js';
import { keySigner, passwordSigner } from '../../examples/onboarding/pages/modules/signing.js';

const origin = 'https://app2.example';
const secret = 'correct horse battery staple';
const challenge = { kind: 'PasswordProtectedKey', challenge: 'Y2gtNzloaHQ', challengeIdentifier: 'id' };
const text = (base64url) => new TextDecoder().decode(fromBase64url(base64url));

test('a new key proves itself, and is opened by its secret alone', async () => {
  const { credentialInfo, encryptedPrivateKey } = await createKey(challenge, { secret, origin });
  const clientData = JSON.parse(text(credentialInfo.clientData));
  assert.deepEqual(clientData, { type: 'key.create', challenge: 'Y2gtNzloaHQ', origin, crossOrigin: false });
  const { publicKey, signature, algorithm } = JSON.parse(text(credentialInfo.attestationData));
  assert.equal(algorithm, 'SHA256');
  const clientDataHash = crypto
    .createHash('sha256')
    .update(fromBase64url(credentialInfo.clientData))
    .digest('hex');
  const signed = JSON.stringify({ clientDataHash, publicKey });
  assert.ok(crypto.verify('sha256', signed, publicKey, Buffer.from(signature, 'hex')));

  assert.ok(!encryptedPrivateKey.includes(secret));
  const privateKey = await unlock(encryptedPrivateKey, secret);
  assert.equal(privateKey.extractable, false);
  assert.ok(
    crypto.verify('sha256', 'text', publicKey, await sign(privateKey, new TextEncoder().encode('text'))),
  );
  await assert.rejects(unlock(encryptedPrivateKey, 'another secret'));
});

test('a secret with an accent is the same on every keyboard', async () => {
  const { encryptedPrivateKey } = await createKey(challenge, { secret: 'cafe\u0301 au lait', origin });
  await unlock(encryptedPrivateKey, 'caf\u00e9 au lait');
});

test('signatures are in DER, whatever the numbers are', async () => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['sign', 'verify'],
  );
  const key = crypto.KeyObject.from(publicKey);
  // A number begins with a one bit every other time, and with a zero byte once in 256.
  for (let round = 0; round < 600; round += 1) {
    const message = new TextEncoder().encode(`${round}`);
    assert.ok(crypto.verify('sha256', message, key, await sign(privateKey, message)));
  }
});

test('a recovery code has 160 bits, and is read as people type it', () => {
  const codes = new Set(Array.from({ length: 100 }, newRecoveryCode));
  assert.equal(codes.size, 100);
  for (const code of codes) {
    assert.match(code, /^[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){7}$/);
    assert.equal(readRecoveryCode(` ${code.toLowerCase().replaceAll('-', ' ')}\n`), code);
    assert.equal(readRecoveryCode(code.replaceAll('-', '')), code);
  }
});

test('a user action is signed by a key, or by one that a password opens', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const verify = ({ clientData, signature }, publicKey) =>
    crypto.verify('sha256', fromBase64url(clientData), publicKey, fromBase64url(signature));
  const action = {
    challenge: 'c2lnbg',
    challengeIdentifier: 'id',
    allowCredentials: { passwordProtectedKey: [] },
  };
  const factor = await keySigner({ credId: 'mine', privateKey: pair.privateKey }, { origin })(action);
  assert.equal(factor.kind, 'Key');
  assert.equal(factor.credentialAssertion.credId, 'mine');
  assert.deepEqual(JSON.parse(text(factor.credentialAssertion.clientData)), {
    type: 'key.get',
    challenge: 'c2lnbg',
    origin,
    crossOrigin: false,
  });
  assert.ok(verify(factor.credentialAssertion, crypto.KeyObject.from(pair.publicKey)));

  const [other, mine] = await Promise.all(
    ['another password', secret].map((secret) => createKey(challenge, { secret, origin })),
  );
  action.allowCredentials.passwordProtectedKey = [other, mine].map(
    ({ credentialInfo, encryptedPrivateKey }) => ({
      id: credentialInfo.credId,
      encryptedPrivateKey,
    }),
  );
  const opened = await passwordSigner({ password: secret, origin })(action);
  assert.equal(opened.kind, 'PasswordProtectedKey');
  assert.equal(opened.credentialAssertion.credId, mine.credentialInfo.credId);
  const { publicKey } = JSON.parse(text(mine.credentialInfo.attestationData));
  assert.ok(verify(opened.credentialAssertion, publicKey));
  await assert.rejects(passwordSigner({ password: 'wrong', origin })(action));
});

test('base64url has no padding, and comes back as it was', () => {
  for (let length = 0; length < 40; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => 255 - 6 * at);
    const encoded = toBase64url(bytes);
    assert.equal(encoded, Buffer.from(bytes).toString('base64url'));
    assert.deepEqual(fromBase64url(encoded), bytes);
  }
});

// The published SDK, unmodified, against the example server: mint, exchange, register, and sign with what was registered.
//
// Needs the example to be built: cargo build -p onboarding.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { DfnsApiClient, DfnsDelegatedApiClient, DfnsError } from '@dfns/sdk';
import { BaseAuthApi } from '@dfns/sdk/baseAuthApi.js';
import { AsymmetricKeySigner } from '@dfns/sdk-keysigner';

const target = process.env.CARGO_TARGET_DIR ?? new URL('../../target', import.meta.url).pathname;
let server, folder, setup;

before(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'onboarding-'));
  const file = path.join(folder, 'setup.json');
  const args = ['--port', '0', '--setup-file', file, '--relaxed-limits'];
  server = spawn(path.join(target, 'debug/onboarding'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // The greeting comes when the server listens and the file is written.
  await Promise.race([
    once(server.stdout, 'data'),
    once(server, 'exit').then(([code]) => assert.fail(`the example ended with ${code}`)),
    once(server, 'error').then(([error]) => assert.fail(`the example did not start: ${error.message}`)),
  ]);
  setup = JSON.parse(await fs.readFile(file, 'utf8'));
});

after(async () => {
  if (server?.exitCode === null) {
    const exit = once(server, 'exit');
    server.kill('SIGINT');
    const [code] = await exit;
    assert.equal(code, 0, 'Ctrl-C ends the server cleanly');
  }
  await fs.rm(folder, { recursive: true, force: true });
});

const signer = (credId, privateKey) => new AsymmetricKeySigner({ credId, privateKey });
const client = (keySigner) =>
  new DfnsApiClient({ baseUrl: setup.base, authToken: setup.token, signer: keySigner });
const seeded = () => client(signer(setup.credId, setup.privateKey));
const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

const mint = (dfns) => dfns.auth.createCredentialCode({ body: { expiration: inAMinute() } });
const exchange = (code, credentialKind = 'Key') =>
  client().auth.createCredentialChallengeWithCode({ body: { code, credentialKind } });

/** Answers a challenge with a new key, as the published browser signer does. */
function newKey(challenge, { publicKey, privateKey }) {
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const clientData = Buffer.from(JSON.stringify({ type: 'key.create', challenge: challenge.challenge }));
  const clientDataHash = crypto.createHash('sha256').update(clientData).digest('hex');
  const fingerprint = JSON.stringify({ clientDataHash, publicKey: pem });
  const signature = crypto.sign(undefined, Buffer.from(fingerprint), privateKey).toString('hex');
  const attestation = Buffer.from(JSON.stringify({ publicKey: pem, signature, algorithm: 'SHA256' }));
  return {
    credentialKind: 'Key',
    credentialName: 'A new key',
    challengeIdentifier: challenge.challengeIdentifier,
    credentialInfo: {
      credId: crypto.randomBytes(32).toString('base64url'),
      clientData: clientData.toString('base64url'),
      attestationData: attestation.toString('base64url'),
    },
  };
}

const keyPairs = {
  'P-256': () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  secp256k1: () => crypto.generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  Ed25519: () => crypto.generateKeyPairSync('ed25519'),
  'RSA-2048': () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

for (const [name, generate] of Object.entries(keyPairs)) {
  test(`a ${name} key is registered with a code, and then signs an action itself`, async () => {
    const { code, expiration } = await mint(seeded());
    assert.match(code, /^[A-Z2-9]{3}-[A-Z2-9]{3}-[A-Z2-9]{3}$/);
    assert.match(expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const challenge = await exchange(code);
    assert.equal(challenge.kind, 'Key');
    assert.equal(challenge.rp.id, setup.rpId);
    assert.equal(challenge.temporaryAuthenticationToken, challenge.challengeIdentifier);

    const pair = generate();
    const body = newKey(challenge, pair);
    const credential = await client().auth.createCredentialWithCode({ body });
    assert.equal(credential.credentialId, body.credentialInfo.credId);
    assert.equal(credential.kind, 'Key');
    assert.ok(credential.isActive);

    const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const minted = await mint(client(signer(credential.credentialId, privateKey)));
    assert.notEqual(minted.code, code);
  });
}

test('the delegated client signs in two steps', async () => {
  const dfns = new DfnsDelegatedApiClient({ baseUrl: setup.base, authToken: setup.token });
  const body = { expiration: inAMinute() };
  const challenge = await dfns.auth.createCredentialCodeInit({ body });
  const firstFactor = await signer(setup.credId, setup.privateKey).sign(challenge);
  const { challengeIdentifier } = challenge;
  const { code } = await dfns.auth.createCredentialCodeComplete({ body }, { challengeIdentifier, firstFactor });
  assert.equal((await exchange(code)).kind, 'Key');
});

test('a code is spent by its first exchange, and says no more than that it does not work', async () => {
  const { code } = await mint(seeded());
  await exchange(code);
  await assert.rejects(exchange(code), (error) => {
    assert.ok(error instanceof DfnsError);
    assert.equal(error.httpStatus, 403);
    assert.match(error.message, /code does not work/);
    return true;
  });
});

test('an action is good for the body that it was signed for, once', async () => {
  const api = { baseUrl: setup.base, authToken: setup.token };
  const body = JSON.stringify({ expiration: inAMinute() });
  const challenge = await BaseAuthApi.createUserActionChallenge(
    {
      userActionPayload: body,
      userActionHttpMethod: 'POST',
      userActionHttpPath: '/auth/credentials/code',
      userActionServerKind: 'Api',
    },
    api,
  );
  const firstFactor = await signer(setup.credId, setup.privateKey).sign(challenge);
  const { challengeIdentifier } = challenge;
  const signed = { challengeIdentifier, firstFactor };
  const { userAction } = await BaseAuthApi.signUserActionChallenge(signed, api);
  const send = async (text) => {
    const response = await fetch(`${setup.base}/auth/credentials/code`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${setup.token}`,
        'x-dfns-useraction': userAction,
      },
      body: text,
    });
    return [response.status, await response.json()];
  };
  // The Python client spaces its body and not its payload.
  assert.equal((await send(body.replace(':', ': ')))[0], 200);
  const [status, refusal] = await send(body);
  assert.equal(status, 403);
  assert.match(refusal.error.message, /user action/i);
  await assert.rejects(BaseAuthApi.signUserActionChallenge(signed, api), { httpStatus: 403 });
});

test('a request without a signature by an existing credential mints nothing', async () => {
  const response = await fetch(`${setup.base}/auth/credentials/code`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${setup.token}` },
    body: JSON.stringify({ expiration: inAMinute() }),
  });
  assert.equal(response.status, 403);
});

test('the user sees every credential in their list', async () => {
  const { items } = await client().auth.listCredentials();
  assert.ok(items.some((credential) => credential.credentialId === setup.credId));
  assert.ok(items.length > 1);
});

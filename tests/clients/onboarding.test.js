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
/** The example as published clients expect it, and as it asks the owner. */
let plain, asking;
/** What a client needs to be the user of the one that does not ask. */
let setup;

before(async () => {
  [plain, asking] = await Promise.all([start('--approval', 'none'), start()]);
  setup = plain.setup;
});
after(() => Promise.all([plain?.stop(), asking?.stop()]));

/** Starts the example on a free port. */
async function start(...flags) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'onboarding-'));
  const [file, tokens] = ['setup.json', 'undo-tokens'].map((name) => path.join(folder, name));
  const args = ['--port', '0', '--setup-file', file, '--undo-tokens', tokens, '--relaxed-limits', ...flags];
  const server = spawn(path.join(target, 'debug/onboarding'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // The greeting comes when the server listens and the file is written.
  await Promise.race([
    once(server.stdout, 'data'),
    once(server, 'exit').then(([code]) => assert.fail(`the example ended with ${code}`)),
    once(server, 'error').then(([error]) => assert.fail(`the example did not start: ${error.message}`)),
  ]);
  // Read, so that its mails do not fill the pipe.
  server.stdout.resume();
  return {
    setup: JSON.parse(await fs.readFile(file, 'utf8')),
    tokens,
    async stop() {
      if (server.exitCode === null) {
        const exit = once(server, 'exit');
        server.kill('SIGINT');
        const [code] = await exit;
        assert.equal(code, 0, 'Ctrl-C ends the server cleanly');
      }
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}

const signer = (credId, privateKey) => new AsymmetricKeySigner({ credId, privateKey });
const client = (keySigner, { base, token } = setup) =>
  new DfnsApiClient({ baseUrl: base, authToken: token, signer: keySigner });
const seeded = (of = setup) => client(signer(of.credId, of.privateKey), of);
const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

const mint = (dfns) => dfns.auth.createCredentialCode({ body: { expiration: inAMinute() } });
const exchange = (code, credentialKind = 'Key', of = setup) =>
  client(undefined, of).auth.createCredentialChallengeWithCode({ body: { code, credentialKind } });

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

/** Signs a request by the published signer. Returns what was sent, and the action that it got. */
async function signAction({ base, token, credId, privateKey }, path, body, method = 'POST') {
  const api = { baseUrl: base, authToken: token };
  const challenge = await BaseAuthApi.createUserActionChallenge(
    {
      userActionPayload: body,
      userActionHttpMethod: method,
      userActionHttpPath: path,
      userActionServerKind: 'Api',
    },
    api,
  );
  const firstFactor = await signer(credId, privateKey).sign(challenge);
  const signed = { challengeIdentifier: challenge.challengeIdentifier, firstFactor };
  const { userAction } = await BaseAuthApi.signUserActionChallenge(signed, api);
  return { api, signed, userAction };
}

test('an action is good for the body that it was signed for, once', async () => {
  const body = JSON.stringify({ expiration: inAMinute() });
  const { api, signed, userAction } = await signAction(setup, '/auth/credentials/code', body);
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

/** A request to the endpoints of enrolments, of which the published client knows nothing. */
async function ask({ base, token }, method, path, body, headers = {}) {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return [response.status, await response.json()];
}

const enrolments = '/auth/credentials/enrolments';

/** The owner's yes, signed by the published signer. */
async function approve(of, id) {
  const path = `${enrolments}/${id}/approve`;
  const { userAction } = await signAction(of, path, '{}');
  return ask(of, 'POST', path, {}, { 'x-dfns-useraction': userAction });
}

/** Registers a key by the published client at the server that asks. */
async function registerAsked(of) {
  const { code } = await mint(seeded(of));
  const pair = keyPairs['P-256']();
  const body = newKey(await exchange(code, 'Key', of), pair);
  const credential = await client(undefined, of).auth.createCredentialWithCode({ body });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { credential, signs: () => mint(client(signer(credential.credentialId, privateKey), of)) };
}

const isListed = async (of, { credentialUuid }) => {
  const { items } = await client(undefined, of).auth.listCredentials();
  return items.some((listed) => listed.credentialUuid === credentialUuid);
};

test('a client that knows nothing of approvals registers a key that works once it is approved', async () => {
  const { setup } = asking;
  const { credential, signs } = await registerAsked(setup);
  assert.equal(credential.isActive, false);
  assert.equal(await isListed(setup, credential), false);
  await assert.rejects(signs());

  const { enrolmentId, approval } = credential;
  assert.deepEqual(Object.keys(approval).sort(), ['expiration', 'token']);
  const path = `${enrolments}/${enrolmentId}`;
  assert.equal((await ask(setup, 'POST', `${path}/approve`, {}))[0], 403, 'a session alone approves nothing');
  const [status, approved] = await approve(setup, enrolmentId);
  assert.deepEqual([status, approved.credentialUuid, approved.isActive], [200, credential.credentialUuid, true]);
  assert.equal(await isListed(setup, credential), true);
  assert.match((await signs()).code, /^[A-Z2-9]{3}(-[A-Z2-9]{3}){2}$/);
  const outcome = { token: approval.token };
  const [, { stage }] = await ask({ base: setup.base }, 'POST', `${enrolments}/outcome`, outcome);
  assert.equal(stage, 'added');
});

test('a key that was refused signs nothing', async () => {
  const { setup } = asking;
  const { credential, signs } = await registerAsked(setup);
  const path = `${enrolments}/${credential.enrolmentId}`;
  const [status, { stage }] = await ask(setup, 'POST', `${path}/refuse`, {});
  assert.deepEqual([status, stage], [200, 'refused']);
  assert.equal((await approve(setup, credential.enrolmentId))[0], 409);
  assert.equal(await isListed(setup, credential), false);
  await assert.rejects(signs());
});

test('the token of the notice takes a key back, and nobody else can read it', async () => {
  const { setup, tokens } = asking;
  const { credential, signs } = await registerAsked(setup);
  await approve(setup, credential.enrolmentId);
  assert.equal((await fs.stat(tokens)).mode & 0o777, 0o600);
  const lines = (await fs.readFile(tokens, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  const { token } = lines.find(({ credentialUuid }) => credentialUuid === credential.credentialUuid);
  const undo = (token) => ask({ base: setup.base }, 'POST', `${enrolments}/undo`, { token });
  const changed = token.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
  assert.equal((await undo(changed))[0], 403);
  assert.equal(await isListed(setup, credential), true);
  assert.deepEqual(await undo(token), [200, {}]);
  assert.deepEqual(await undo(token), [200, {}], 'what is gone already is no error');
  assert.equal(await isListed(setup, credential), false);
  await assert.rejects(signs());
});

test('a user neither sees nor ends what another one began', async () => {
  const { setup } = asking;
  const second = { ...setup, ...setup.second };
  const { credential } = await registerAsked(setup);
  const path = `${enrolments}/${credential.enrolmentId}`;
  assert.equal((await ask(setup, 'GET', path))[1].stage, 'pending');
  assert.equal((await ask(second, 'GET', path))[0], 404);
  assert.equal((await ask(second, 'DELETE', path))[0], 404);
  assert.equal((await ask(second, 'POST', `${path}/refuse`, {}))[0], 404);
  assert.equal((await approve(second, credential.enrolmentId))[0], 404);
  assert.deepEqual((await ask(second, 'GET', enrolments))[1], { items: [] });
  const [status, { stage }] = await ask(setup, 'DELETE', path);
  assert.deepEqual([status, stage], [200, 'revoked']);

  // The second user has a list and codes of their own.
  const own = await registerAsked(second);
  await approve(second, own.credential.enrolmentId);
  assert.equal(await isListed(second, own.credential), true);
  assert.equal(await isListed(setup, own.credential), false);
});

test('a signed-in user adds a key without a code, which then signs itself', async () => {
  const dfns = seeded();
  const challenge = await dfns.auth.createCredentialChallenge({ body: { kind: 'Key' } });
  const pair = keyPairs.Ed25519();
  const credential = await dfns.auth.createCredential({ body: newKey(challenge, pair) });
  assert.equal(credential.isActive, true);
  assert.equal(await isListed(setup, credential), true);
  await mint(client(signer(credential.credentialId, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))));

  // A challenge of a code is another thing.
  const ofCode = await exchange((await mint(dfns)).code);
  await assert.rejects(dfns.auth.createCredential({ body: newKey(ofCode, pair) }), DfnsError);
});

test('the owner lists, deactivates, activates and deletes a credential', async () => {
  const dfns = seeded();
  const challenge = await exchange((await mint(dfns)).code);
  const pair = keyPairs['P-256']();
  const { credentialUuid, credentialId } = await client().auth.createCredentialWithCode({ body: newKey(challenge, pair) });
  const found = async () => (await dfns.auth.listCredentials()).items.find((item) => item.credentialUuid === credentialUuid);
  assert.equal((await found()).isActive, true);

  const own = client(signer(credentialId, pair.privateKey.export({ type: 'pkcs8', format: 'pem' })));
  assert.deepEqual(await dfns.auth.deactivateCredential({ body: { credentialUuid } }), { message: 'success' });
  assert.equal((await found()).isActive, false);
  await assert.rejects(mint(own), DfnsError);
  assert.deepEqual(await dfns.auth.activateCredential({ body: { credentialUuid } }), { message: 'success' });
  await mint(own);

  // The SDK has no method for it yet: the request that newer ones send, signed by its own signer.
  const path = `/auth/credentials/${credentialUuid}`;
  const { userAction } = await signAction(setup, path, '', 'DELETE');
  const headers = { authorization: `Bearer ${setup.token}`, 'x-dfns-useraction': userAction };
  const deleted = await fetch(setup.base + path, { method: 'DELETE', headers });
  assert.deepEqual([deleted.status, await deleted.json()], [200, {}]);
  assert.equal(await found(), undefined);
  await assert.rejects(mint(own), DfnsError);
});

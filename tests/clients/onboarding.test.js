// The published SDK, unmodified, against the example server: mint, exchange, register, and sign
// with the registered credential.
//
// Needs the example to be built: cargo build -p onboarding.

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { DfnsDelegatedApiClient, DfnsError } from '@dfns/sdk';
import { BaseAuthApi } from '@dfns/sdk/baseAuthApi.js';

import { client, exchange, inAMinute, isListed, keyPairs, mint, newKey, seeded, signAction, signer, signerOf, start } from './demo.js';

/** The example as published clients expect it, and as it asks the owner. */
let plain, asking;
/** What a client needs to be the user of the example that does not ask. */
let setup;

before(async () => {
  [plain, asking] = await Promise.all([start('--approval', 'none'), start()]);
  setup = plain.setup;
});
after(() => Promise.all([plain?.stop(), asking?.stop()]));

for (const [name, generate] of Object.entries(keyPairs)) {
  test(`a ${name} key is registered with a code, and then signs an action itself`, async () => {
    const { code, expiration } = await mint(seeded(setup));
    assert.match(code, /^[A-Z2-9]{3}-[A-Z2-9]{3}-[A-Z2-9]{3}$/);
    assert.match(expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const challenge = await exchange(setup, code);
    assert.equal(challenge.kind, 'Key');
    assert.equal(challenge.rp.id, setup.rpId);
    assert.equal(challenge.temporaryAuthenticationToken, challenge.challengeIdentifier);

    const pair = generate();
    const body = newKey(challenge, pair);
    const credential = await client(setup).auth.createCredentialWithCode({ body });
    assert.equal(credential.credentialId, body.credentialInfo.credId);
    assert.equal(credential.kind, 'Key');
    assert.ok(credential.isActive);

    const minted = await mint(client(setup, signerOf(credential, pair)));
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
  assert.equal((await exchange(setup, code)).kind, 'Key');
});

test('a code is spent by its first exchange, and says no more than that it does not work', async () => {
  const { code } = await mint(seeded(setup));
  await exchange(setup, code);
  await assert.rejects(exchange(setup, code), (error) => {
    assert.ok(error instanceof DfnsError);
    assert.equal(error.httpStatus, 403);
    assert.match(error.message, /code does not work/);
    return true;
  });
});

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
  // The Python client puts spaces into its body but not into its payload, over an httpx before
  // 0.28.
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
  const { items } = await client(setup).auth.listCredentials();
  assert.ok(items.some((credential) => credential.credentialId === setup.credId));
  assert.ok(items.length > 1);
});

/** Sends a request to the endpoints of enrolments. The published client does not know them. */
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

/** Sends the owner's yes, signed by the published signer. */
async function approve(of, id) {
  const path = `${enrolments}/${id}/approve`;
  const { userAction } = await signAction(of, path, '{}');
  return ask(of, 'POST', path, {}, { 'x-dfns-useraction': userAction });
}

/** Registers a key by the published client at the server that asks. */
async function registerAsked(of) {
  const { code } = await mint(seeded(of));
  const pair = keyPairs['P-256']();
  const body = newKey(await exchange(of, code), pair);
  const credential = await client(of).auth.createCredentialWithCode({ body });
  return { credential, signs: () => mint(client(of, signerOf(credential, pair))) };
}

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

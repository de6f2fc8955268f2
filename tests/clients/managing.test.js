// The published SDK, unmodified, against the example server: a user's own credentials.
//
// Needs the example to be built: cargo build -p onboarding.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DfnsDelegatedApiClient, DfnsError } from '@dfns/sdk';

import { client, exchange, keyPairs, mint, newKey, seeded, signAction, signer, signerOf, start } from './demo.js';

/** The example as published clients expect it. */
let plain;
/** What a client needs to be its user. */
let setup;

before(async () => {
  plain = await start('--approval', 'none');
  setup = plain.setup;
});
after(() => plain?.stop());

const listed = async (dfns, { credentialUuid }) => {
  const { items } = await dfns.auth.listCredentials();
  return items.find((item) => item.credentialUuid === credentialUuid);
};

/** A deletion that was signed earlier. */
async function remove(path, userAction, body) {
  const response = await fetch(setup.base + path, {
    method: 'DELETE',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      authorization: `Bearer ${setup.token}`,
      'x-dfns-useraction': userAction,
    },
    body,
  });
  return [response.status, await response.json()];
}

const delegated = () => new DfnsDelegatedApiClient({ baseUrl: setup.base, authToken: setup.token });

/**
 * Signs the user's changes by a given signer, or with the key that they have from the beginning.
 */
async function signed(challenge, by = signer(setup.credId, setup.privateKey)) {
  const { challengeIdentifier } = challenge;
  return { challengeIdentifier, firstFactor: await by.sign(challenge) };
}

/** Returns a key that the delegated client creates, and its pair. */
async function createDelegated(dfns) {
  const pair = keyPairs['P-256']();
  const body = newKey(await dfns.auth.createCredentialChallenge({ body: { kind: 'Key' } }), pair);
  const credential = await dfns.auth.createCredentialComplete(
    { body },
    await signed(await dfns.auth.createCredentialInit({ body })),
  );
  return { credential, pair };
}

test('a signed-in user adds a key without a code, which then signs itself', async () => {
  const dfns = seeded(setup);
  const challenge = await dfns.auth.createCredentialChallenge({ body: { kind: 'Key' } });
  const pair = keyPairs.Ed25519();
  const credential = await dfns.auth.createCredential({ body: newKey(challenge, pair) });
  assert.equal((await listed(dfns, credential)).isActive, true);
  await mint(client(setup, signerOf(credential, pair)));

  // A challenge of a code is not accepted here.
  const ofCode = await exchange(setup, (await mint(dfns)).code);
  await assert.rejects(dfns.auth.createCredential({ body: newKey(ofCode, pair) }), DfnsError);
});

test('the owner lists, deactivates, activates and deletes a credential', async () => {
  const dfns = seeded(setup);
  const challenge = await exchange(setup, (await mint(dfns)).code);
  const pair = keyPairs['P-256']();
  const credential = await client(setup).auth.createCredentialWithCode({ body: newKey(challenge, pair) });
  const { credentialUuid } = credential;
  const own = client(setup, signerOf(credential, pair));
  assert.equal((await listed(dfns, credential)).isActive, true);

  assert.deepEqual(await dfns.auth.deactivateCredential({ body: { credentialUuid } }), { message: 'success' });
  assert.equal((await listed(dfns, credential)).isActive, false);
  await assert.rejects(mint(own), DfnsError);
  assert.deepEqual(await dfns.auth.activateCredential({ body: { credentialUuid } }), { message: 'success' });
  await mint(own);

  // No published version has a method for it. So the test sends the request that others send,
  // signed by the SDK's own signer.
  const path = `/auth/credentials/${credentialUuid}`;
  const { userAction } = await signAction(setup, path, '', 'DELETE');
  assert.deepEqual(await remove(path, userAction), [200, {}]);
  assert.equal(await listed(dfns, credential), undefined);
  await assert.rejects(mint(own), DfnsError);
});

test('the delegated client lists, creates, deactivates, activates and deletes, each change in two steps', async () => {
  const dfns = delegated();
  const { credential, pair } = await createDelegated(dfns);
  assert.equal((await listed(dfns, credential)).isActive, true);
  const body = { credentialUuid: credential.credentialUuid };

  const off = await dfns.auth.deactivateCredentialInit({ body });
  assert.equal((await listed(dfns, credential)).isActive, true, 'the first step changes nothing');
  assert.deepEqual(await dfns.auth.deactivateCredentialComplete({ body }, await signed(off)), { message: 'success' });
  assert.equal((await listed(dfns, credential)).isActive, false);

  // A key that is not active signs nothing, not even its own activation: the challenge does not
  // name it.
  const own = signerOf(credential, pair);
  await assert.rejects(async () => signed(await dfns.auth.activateCredentialInit({ body }), own), DfnsError);
  const on = await dfns.auth.activateCredentialInit({ body });
  assert.deepEqual(await dfns.auth.activateCredentialComplete({ body }, await signed(on)), { message: 'success' });
  assert.equal((await listed(dfns, credential)).isActive, true);

  // The SDK's generator signs and sends an empty object where a deletion has no body.
  const path = `/auth/credentials/${credential.credentialUuid}`;
  const { userAction } = await signAction(setup, path, '{}', 'DELETE');
  assert.deepEqual(await remove(path, userAction, '{}'), [200, {}]);
  assert.equal(await listed(dfns, credential), undefined);
});

test('what was signed for one credential changes no other', async () => {
  const dfns = delegated();
  const [one, other] = [await createDelegated(dfns), await createDelegated(dfns)];
  const [body, elsewhere] = [one, other].map(({ credential }) => ({ credentialUuid: credential.credentialUuid }));
  const challenge = await signed(await dfns.auth.deactivateCredentialInit({ body }));
  await assert.rejects(dfns.auth.deactivateCredentialComplete({ body: elsewhere }, challenge), { httpStatus: 403 });
  const { userAction } = await signAction(setup, `/auth/credentials/${body.credentialUuid}`, '', 'DELETE');
  const [status] = await remove(`/auth/credentials/${elsewhere.credentialUuid}`, userAction);
  assert.equal(status, 403);
  for (const { credential } of [one, other]) {
    assert.equal((await listed(dfns, credential)).isActive, true);
  }
});

test('an account that is filled to its bound is told so before a key is made, and has room after a removal', async () => {
  const dfns = seeded(setup);
  const begin = () => dfns.auth.createCredentialChallenge({ body: { kind: 'Key' } });
  const { items } = await dfns.auth.listCredentials();
  let last;
  for (let count = items.length; count < 256; count += 1) {
    last = await dfns.auth.createCredential({ body: newKey(await begin(), keyPairs['P-256']()) });
  }
  const isFull = (error) => error instanceof DfnsError && error.httpStatus === 409 && /Remove one first/.test(error.message);
  await assert.rejects(begin(), isFull);
  const { code } = await mint(dfns);
  await assert.rejects(exchange(setup, code), isFull);
  const path = `/auth/credentials/${last.credentialUuid}`;
  const { userAction } = await signAction(setup, path, '', 'DELETE');
  assert.equal((await remove(path, userAction))[0], 200);
  assert.equal((await exchange(setup, code)).kind, 'Key');
});

test('the documents of a domain are served from it, and of no other', async () => {
  const read = async (name) => (await fetch(`${setup.base}/.well-known/${name}`)).json();
  const { origins } = await read('webauthn');
  assert.ok(origins.includes(new URL(setup.base).origin), origins.join(' '));
  const { enroll, manage } = await read('passkey-endpoints');
  assert.match(enroll, /\/enroll$/);
  assert.equal(new URL(manage).origin, new URL(setup.base).origin);
  const other = await fetch(`${setup.base.replace('localhost', '127.0.0.1')}/.well-known/webauthn`);
  assert.equal(other.status, 404);
});

// The published SDK, unmodified, against the example server: a user's own credentials.
//
// Needs the example to be built: cargo build -p onboarding.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DfnsError } from '@dfns/sdk';

import { client, exchange, isListed, keyPairs, mint, newKey, seeded, signAction, signerOf, start } from './demo.js';

/** The example as published clients expect it. */
let plain;
/** What a client needs to be its user. */
let setup;

before(async () => {
  plain = await start('--approval', 'none');
  setup = plain.setup;
});
after(() => plain?.stop());

test('a signed-in user adds a key without a code, which then signs itself', async () => {
  const dfns = seeded(setup);
  const challenge = await dfns.auth.createCredentialChallenge({ body: { kind: 'Key' } });
  const pair = keyPairs.Ed25519();
  const credential = await dfns.auth.createCredential({ body: newKey(challenge, pair) });
  assert.equal(credential.isActive, true);
  assert.equal(await isListed(setup, credential), true);
  await mint(client(setup, signerOf(credential, pair)));

  // A challenge of a code is another thing.
  const ofCode = await exchange(setup, (await mint(dfns)).code);
  await assert.rejects(dfns.auth.createCredential({ body: newKey(ofCode, pair) }), DfnsError);
});

test('the owner lists, deactivates, activates and deletes a credential', async () => {
  const dfns = seeded(setup);
  const challenge = await exchange(setup, (await mint(dfns)).code);
  const pair = keyPairs['P-256']();
  const credential = await client(setup).auth.createCredentialWithCode({ body: newKey(challenge, pair) });
  const { credentialUuid } = credential;
  const found = async () => (await dfns.auth.listCredentials()).items.find((item) => item.credentialUuid === credentialUuid);
  assert.equal((await found()).isActive, true);

  const own = client(setup, signerOf(credential, pair));
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

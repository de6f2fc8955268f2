// The example server, and the published SDK, unmodified, as its client.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { DfnsApiClient } from '@dfns/sdk';
import { BaseAuthApi } from '@dfns/sdk/baseAuthApi.js';
import { AsymmetricKeySigner } from '@dfns/sdk-keysigner';

const target = process.env.CARGO_TARGET_DIR ?? new URL('../../target', import.meta.url).pathname;

/** Starts the example on a free port. */
export async function start(...flags) {
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
  // The output is read, so that the example's mails do not fill the pipe.
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

export const signer = (credId, privateKey) => new AsymmetricKeySigner({ credId, privateKey });
export const signerOf = ({ credentialId }, { privateKey }) =>
  signer(credentialId, privateKey.export({ type: 'pkcs8', format: 'pem' }));
export const client = ({ base, token }, keySigner) =>
  new DfnsApiClient({ baseUrl: base, authToken: token, signer: keySigner });
/** Signs with the key that the user has from the beginning. */
export const seeded = (setup) => client(setup, signer(setup.credId, setup.privateKey));
export const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

export const mint = (dfns) => dfns.auth.createCredentialCode({ body: { expiration: inAMinute() } });
export const exchange = (setup, code, credentialKind = 'Key') =>
  client(setup).auth.createCredentialChallengeWithCode({ body: { code, credentialKind } });

export const isListed = async (setup, { credentialUuid }) => {
  const { items } = await client(setup).auth.listCredentials();
  return items.some((listed) => listed.credentialUuid === credentialUuid);
};

/** Answers a challenge with a new key, as the published browser signer does. */
export function newKey(challenge, { publicKey, privateKey }) {
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

export const keyPairs = {
  'P-256': () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  secp256k1: () => crypto.generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  Ed25519: () => crypto.generateKeyPairSync('ed25519'),
  'RSA-2048': () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

/**
 * Signs a request by the published signer. Returns the sent request, and the action that it got.
 */
export async function signAction({ base, token, credId, privateKey }, path, body, method = 'POST') {
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

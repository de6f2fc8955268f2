// Passkeys take one shape on the wire, whatever the browser can.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import './platform.js';
import { createKey } from '../../examples/onboarding/pages/modules/keys.js';
import {
  createPasskey,
  forgetPasskey,
  getPasskey,
  keepPasskeys,
} from '../../examples/onboarding/pages/modules/passkeys.js';
import { passkeySigner } from '../../examples/onboarding/pages/modules/signing.js';

const bytes = (...values) => Uint8Array.from(values).buffer;

/** Sets up a browser with these abilities, for a test. */
function browser(t, { credentials = {}, statics = {} } = {}) {
  const all = { navigator: { credentials }, PublicKeyCredential: Object.assign(function () {}, statics) };
  for (const [name, value] of Object.entries(all)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() => (before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name]));
  }
}

const challenge = {
  kind: 'Fido2',
  challenge: 'AQI',
  challengeIdentifier: 'id',
  rp: { id: 'app2.example', name: 'App 2' },
  publicKey: {
    challenge: 'AQI',
    user: { id: 'AwQ' },
    excludeCredentials: [{ type: 'public-key', id: 'BQY' }],
  },
};

/** Returns what a browser makes. An older browser says less. */
const made = ({ isOld = false } = {}) => ({
  id: 'made',
  response: {
    clientDataJSON: bytes(1),
    attestationObject: bytes(2),
    ...(isOld ? {} : { getTransports: () => ['internal'] }),
  },
  getClientExtensionResults: () => (isOld ? {} : { credProps: { rk: true } }),
});

test('a passkey and a key prove themselves in the same shape', async (t) => {
  browser(t, { credentials: { create: async () => made() } });
  const passkey = await createPasskey(challenge);
  const key = await createKey(
    { ...challenge, kind: 'RecoveryKey' },
    { secret: 'secret', origin: 'https://app2.example' },
  );
  assert.deepEqual(passkey, {
    credentialInfo: {
      credId: 'made',
      clientData: 'AQ',
      attestationData: 'Ag',
      transports: ['internal'],
      credProps: { rk: true },
    },
  });
  for (const member of ['credId', 'clientData', 'attestationData'])
    assert.equal(typeof key.credentialInfo[member], 'string');
});

test('a browser without parsers and reports makes it, too', async (t) => {
  let asked;
  browser(t, {
    credentials: { create: async (options) => ((asked = options.publicKey), made({ isOld: true })) },
  });
  const { credentialInfo } = await createPasskey(challenge);
  assert.deepEqual(
    [...asked.challenge, ...asked.user.id, ...asked.excludeCredentials[0].id],
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual([credentialInfo.transports, credentialInfo.credProps], [[], {}]);
});

test('a signal closes the dialog', async (t) => {
  const create = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  browser(t, { credentials: { create, get: create } });
  for (const ask of [
    createPasskey.bind(null, challenge),
    getPasskey.bind(null, { challenge: 'AQI', rpId: 'a' }),
  ]) {
    const ending = new AbortController();
    const asking = ask({ signal: ending.signal });
    ending.abort();
    await assert.rejects(asking, { name: 'AbortError' });
  }
});

test('a user action is signed by one of the passkeys that the server names', async (t) => {
  let asked;
  const get = async ({ publicKey }) => {
    asked = publicKey;
    return {
      id: 'made',
      response: {
        clientDataJSON: bytes(1),
        authenticatorData: bytes(2),
        signature: bytes(3),
        userHandle: null,
      },
    };
  };
  browser(t, { credentials: { get } });
  const allowCredentials = {
    webauthn: [{ type: 'public-key', id: 'BQY' }],
    key: [],
    passwordProtectedKey: [],
  };
  const factor = await passkeySigner()({
    challenge: 'AQI',
    rp: challenge.rp,
    userVerification: 'required',
    allowCredentials,
  });
  assert.deepEqual(factor, {
    kind: 'Fido2',
    credentialAssertion: { credId: 'made', clientData: 'AQ', authenticatorData: 'Ag', signature: 'Aw' },
  });
  assert.deepEqual(
    [asked.rpId, asked.userVerification, ...asked.allowCredentials[0].id],
    ['app2.example', 'required', 5, 6],
  );
});

test('what is gone is signalled where a browser can, and passed over where it can’t', async (t) => {
  const told = [];
  const statics = {
    signalUnknownCredential: async (facts) => void told.push(facts),
    signalAllAcceptedCredentials: () => Promise.reject(new TypeError('no')),
  };
  browser(t, { statics });
  await forgetPasskey('app2.example', 'made');
  await keepPasskeys('app2.example', 'dXMtMQ', []);
  assert.deepEqual(told, [{ rpId: 'app2.example', credentialId: 'made' }]);
  browser(t);
  await forgetPasskey('app2.example', 'made');
});

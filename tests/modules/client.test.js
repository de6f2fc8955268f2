// The client sends requests as the server's document says, and returns the answers.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { createClient } from '../../examples/onboarding/pages/modules/client.js';
import { Refusal } from '../../examples/onboarding/pages/modules/refusal.js';
import { setClock, stayAlive } from './platform.js';
import { refuse, serve } from './server.js';

const document = JSON.parse(fs.readFileSync(new URL('../../src/openapi.json', import.meta.url), 'utf8'));
const challenge = { kind: 'RecoveryKey', challengeIdentifier: 'id' };
const proof = {
  credentialInfo: { credId: 'a', clientData: 'b', attestationData: 'c' },
  encryptedPrivateKey: 'd',
};

/** Everything that a client can do. */
const all = (client) => [
  client.mint(),
  client.exchange('A7UKY69PT', 'Fido2'),
  client.register(challenge, 'Name', proof),
  client.outcome('token', 'pending'),
  client.enrolments(),
  client.enrolment('en-1'),
  client.news('en-1', 'waiting'),
  client.revoke('en-1'),
  client.approve('en-1', '123456'),
  client.refuse('en-1'),
  client.undo('token'),
  client.credentials(),
  client.begin('Key'),
  client.create(challenge, 'Name', proof),
  client.rename('cr-1', 'Name'),
  client.activate('cr-1'),
  client.deactivate('cr-1'),
  client.remove('cr-1'),
];

test('every endpoint of the server has a method, and no method asks anything else', async () => {
  const { fetch, asked } = serve({ 'POST /auth/action': { userAction: 'signed' } });
  await Promise.all(all(createClient({ fetch, sign: async () => ({}) })));
  const known = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) => {
      const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '(en|cr)-1')}$`);
      const verbs = Object.keys(methods).filter((verb) => verb !== 'parameters');
      return verbs.map((method) => [`${method.toUpperCase()} ${path}`, pattern]);
    }),
  );
  const unasked = [...known].filter(
    ([name, pattern]) =>
      !asked.some(({ method, path }) => name.startsWith(`${method} `) && pattern.test(path)),
  );
  assert.deepEqual(unasked, []);
  for (const { method, path } of asked) {
    assert.ok(
      [...known].some(([name, pattern]) => name.startsWith(`${method} `) && pattern.test(path)),
      `${method} ${path}`,
    );
  }
});

test('what the server wants signed is signed, as it is sent', async () => {
  const { fetch, asked } = serve({
    'POST /auth/action/init': { challengeIdentifier: 'one', challenge: 'sign this' },
    'POST /auth/action': { userAction: 'signed' },
  });
  const sign = async ({ challenge }) => ({ kind: 'Key', credentialAssertion: { signed: challenge } });
  const client = createClient({ baseUrl: 'https://app1.example', fetch, sign });
  await client.rename('cr-1', 'Name');
  const [init, complete, rename] = asked;
  assert.deepEqual(init.body, {
    userActionPayload: JSON.stringify(rename.body),
    userActionHttpMethod: 'PUT',
    userActionHttpPath: '/auth/credentials/rename',
  });
  assert.equal(complete.body.firstFactor.credentialAssertion.signed, 'sign this');
  assert.equal(rename.headers['x-dfns-useraction'], 'signed');

  asked.length = 0;
  await client.remove('cr-1');
  assert.equal(asked[0].body.userActionPayload, '', 'nothing is signed where nothing is sent');
  assert.equal(asked[2].body, undefined);
});

test('without a signature nothing is signed', async () => {
  const { fetch, asked } = serve();
  await createClient({ fetch }).remove('cr-1');
  assert.deepEqual(
    asked.map(({ method, path }) => `${method} ${path}`),
    ['DELETE /auth/credentials/cr-1'],
  );
});

test('a sign-in that is too old is made anew once, and the request repeated', async () => {
  let isFresh = false;
  const rename = () => (isFresh ? {} : refuse(403, 'step_up_required'));
  const { fetch, asked } = serve({ 'PUT /auth/credentials/rename': rename });
  let asks = 0;
  const stepUp = async () => (isFresh = (asks += 1) > 1);
  const client = createClient({ fetch, stepUp });
  await assert.rejects(client.rename('cr-1', 'Name'), { code: 'step_up_required' });
  assert.equal(asks, 1, 'and not again and again');
  await client.rename('cr-1', 'Name');
  assert.equal(asked.length, 4);
});

test('a refusal says what the server said', async () => {
  const answer = () => refuse(409, 'conflict', { stage: 'added' }, { 'retry-after': '42' });
  const { fetch } = serve({ 'DELETE /auth/credentials/enrolments/en-1': answer });
  await assert.rejects(createClient({ fetch }).revoke('en-1'), (error) => {
    assert.ok(error instanceof Refusal && error instanceof Error);
    const { code, status, stage, retryAfter, isAnswer } = error;
    assert.deepEqual(
      { code, status, stage, retryAfter, isAnswer },
      { code: 'conflict', status: 409, stage: 'added', retryAfter: 42, isAnswer: true },
    );
    assert.equal(error.cause.error.code, 'conflict');
    return true;
  });
});

test('silence is no answer, and the cause is kept', async (t) => {
  stayAlive(t);
  const cause = new TypeError('fetch failed');
  const client = createClient({ fetch: () => Promise.reject(cause) });
  await assert.rejects(client.credentials(), { code: 'offline', status: 0, isAnswer: false, cause });
  const gateway = async () => new Response('<p>Bad gateway', { status: 502 });
  await assert.rejects(createClient({ fetch: gateway }).credentials(), (error) => {
    assert.deepEqual([error.code, error.status, error.isAnswer], ['internal', 502, false]);
    assert.match(error.message, /^\/auth\/credentials answered 502 without JSON$/);
    return error.cause instanceof SyntaxError;
  });
  const never = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  await assert.rejects(createClient({ fetch: never, patience: 5 }).credentials(), {
    code: 'timeout',
    isAnswer: false,
  });
});

test('the caller that ends it gets the reason that it gave, and no refusal', async (t) => {
  stayAlive(t);
  const never = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  for (const whose of ['client', 'call']) {
    const ending = new AbortController();
    const client = createClient({ fetch: never, ...(whose === 'client' && { signal: ending.signal }) });
    const asking = client.credentials(whose === 'call' ? { signal: ending.signal } : {});
    const reason = new Error('enough');
    ending.abort(reason);
    await assert.rejects(asking, reason);
  }
});

test('headers say who is asking, at the moment of asking', async () => {
  const { fetch, asked } = serve();
  let token = 'old';
  const client = createClient({ fetch, headers: () => ({ authorization: `Bearer ${token}` }) });
  await client.credentials();
  token = 'new';
  await client.exchange('A7UKY69PT', 'Fido2');
  assert.deepEqual(
    asked.map(({ headers }) => headers.authorization),
    ['Bearer old', 'Bearer new'],
  );
  assert.equal(asked[0].headers['content-type'], undefined);
  assert.equal(asked[1].headers['content-type'], 'application/json');
});

test('a code lives by the server’s clock, however wrong ours is', async (t) => {
  const server = Date.UTC(2030, 0, 1, 12);
  const answer = () => Response.json({ items: [] }, { headers: { date: new Date(server).toUTCString() } });
  const { fetch, asked } = serve({ 'GET /auth/credentials/enrolments': answer });
  const client = createClient({ fetch });
  const set = setClock(t, 0);
  await client.mint({ lifetime: 60_000 });
  const left = Date.parse(asked.at(-1).body.expiration) - server;
  assert.ok(left >= 60_000 && left < 61_000, `${left}`);
  // Somebody sets this device's clock.
  set(10 ** 12);
  assert.ok(Math.abs(client.serverNow() - server) < 1_000);
});

test('the server’s time is known to the second, and follows a server that is set', async () => {
  const noon = Date.UTC(2030, 0, 1, 12);
  const dates = [noon, noon - 1_000, noon - 3_600_000];
  const answer = () =>
    Response.json({ items: [] }, { headers: { date: new Date(dates.shift()).toUTCString() } });
  const client = createClient({ fetch: answer });
  const times = [];
  while (dates.length > 0) {
    await client.credentials();
    times.push(client.serverNow());
  }
  assert.ok(times[0] >= noon && times[1] >= noon, 'an older second says less');
  assert.ok(times[2] < noon - 3_590_000);
});

// The example's server: its flags, its files, and whom it signs in.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { demo } from './apps.js';
import { readModules, refusal, startServer } from './demo.js';

test('flags about approval say what is allowed', async () => {
  assert.match(await refusal('--approval', 'maybe'), /^--approval maybe: it is none, asked or code/);
  for (const value of ['0', '601', '3.5', '-1', 'soon']) {
    const words = `--approval-lifetime ${value}: it is a whole number of seconds, from 1 to 600`;
    assert.equal((await refusal('--approval-lifetime', value)).trim(), words);
  }
  assert.match(await refusal('--undo-tokens', '/no/such/folder/file'), /^--undo-tokens .*: it is a file that/);
});

test('a name that somebody points at this machine signs nobody in', async () => {
  const server = await startServer();
  try {
    const headers = { host: 'evil.example', origin: server.app1, 'content-type': 'application/json' };
    const request = http.request(`${server.app1}/demo/session`, { method: 'POST', headers });
    request.end(JSON.stringify({ credId: 'a', publicKey: 'b' }));
    const [response] = await once(request, 'response');
    assert.equal(response.statusCode, 403);
    response.resume();
  } finally {
    await server.stop();
  }
});

test('what is no key, or comes through a proxy, is refused in the form of every refusal', async () => {
  const server = await startServer();
  try {
    const headers = { origin: server.app1, 'content-type': 'application/json' };
    const ask = async (body, more) => {
      const answer = await fetch(`${server.app1}/demo/session`, {
        method: 'POST',
        headers: { ...headers, ...more },
        body,
      });
      return [answer.status, (await answer.json()).error.code];
    };
    assert.deepEqual(await ask('{'), [400, 'invalid_request']);
    assert.deepEqual(await ask('{}'), [422, 'invalid_request']);
    assert.deepEqual(await ask('{}', { 'content-type': 'text/plain' }), [415, 'invalid_request']);
    assert.deepEqual(await ask('{}', { 'x-forwarded-for': '192.0.2.1' }), [403, 'forbidden']);
  } finally {
    await server.stop();
  }
});

test('an origin that is none is blamed by its own name', async () => {
  for (const value of ['https://abc.example/enroll', 'https://abc.example//', 'abc.example']) {
    assert.match(await refusal('--origin', value), new RegExp(`^--origin ${value}: an origin is `));
  }
});

test('one address guesses ten times a minute, and no more', async () => {
  const server = await startServer();
  try {
    const statuses = [];
    for (let guess = 0; guess < 11; guess += 1) {
      const response = await fetch(`${server.app1}/auth/credentials/code/init`, {
        method: 'POST',
        headers: { origin: server.app1, 'content-type': 'application/json' },
        body: JSON.stringify({ code: 'ABC-DEF-GHJ', credentialKind: 'RecoveryKey' }),
      });
      statuses.push(response.status);
      await response.arrayBuffer();
    }
    assert.deepEqual(statuses, [...Array(10).fill(403), 429]);
  } finally {
    await server.stop();
  }
});

test('every file is served with a strict policy and stays out of caches', async () => {
  const server = await startServer();
  try {
    for (const path of ['/', '/enroll', '/enroll.js', '/undo', '/undo.js', '/style.css', '/icon.svg']) {
      const { status, headers } = await fetch(server.app1 + path);
      assert.equal(status, 200);
      const policy = headers.get('content-security-policy');
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    }
  } finally {
    await server.stop();
  }
});

demo('the QR codes of addresses of every length can be read', async ({ app1, open }) => {
  const page = await open(app1);
  const draw = (text) => page.evaluate(async (text) => (await import('/qr.js')).qrModules(text), text);
  for (let length = 1; length <= 213; length += 4) {
    const text = 'https://app.example.com/enroll#A7U-KY6-9PT-'.repeat(6).slice(0, length);
    assert.equal(readModules(await draw(text)), text);
  }
  await assert.rejects(draw('x'.repeat(214)), /too long/);
});

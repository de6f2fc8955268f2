// The example's server: its flags, its files, and its sign-in.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { demo } from './apps.js';
import { look, readModules, refusal, startServer } from './demo.js';

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

/** Asks for a path as a browser does, and checks the headers that keep it safe. */
async function ask(server, path, headers = {}) {
  const answer = await fetch(server.app1 + path, { headers });
  const policy = answer.headers.get('content-security-policy');
  if (answer.status === 304) return answer;
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
  assert.match(policy, /require-trusted-types-for 'script'; trusted-types 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  return answer;
}

test('pages stay out of caches, and files are kept as long as they are the same', async () => {
  const server = await startServer();
  try {
    for (const path of ['/', '/enroll', '/undo']) {
      const { status, headers } = await ask(server, path);
      assert.deepEqual([status, headers.get('cache-control')], [200, 'no-store']);
    }
    for (const path of ['/app.js', '/modules/client.js', '/style.css', '/icon.svg']) {
      const { headers } = await ask(server, path);
      const etag = headers.get('etag');
      assert.equal(headers.get('cache-control'), 'no-cache');
      const again = async (known) => (await ask(server, path, { 'if-none-match': known })).status;
      assert.equal(await again(etag), 304);
      assert.equal(await again(`"other", W/${etag}`), 304);
      assert.equal(await again('"other"'), 200);
    }
    const news = await fetch(`${server.app1}/demo/news`, { headers: { authorization: `Bearer ${server.setup.token}` } });
    assert.deepEqual([news.status, news.headers.get('cache-control')], [200, 'no-store'], 'undo links are secret');
    assert.equal((await fetch(`${server.app1}/demo/news`)).status, 401);
  } finally {
    await server.stop();
  }
});

demo('a second visit transfers no script', async ({ app1, app2, open }) => {
  for (const [url, name] of [
    [app1, 'Add a way to sign in'],
    [`${app2}/enroll`, 'Continue'],
  ]) {
    const page = await open(url);
    const transferred = async () => {
      await page.getByRole('button', { name }).waitFor();
      return page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .filter(({ name }) => /\.(js|css)$/.test(name))
          .map(({ name, transferSize }) => [name, transferSize]),
      );
    };
    const first = await transferred();
    assert.ok(first.length > 10);
    assert.ok(first.every(([, size]) => size > 300));
    await page.reload();
    // Chromium counts this much for the headers.
    for (const [name, size] of await transferred()) assert.ok(size <= 300, `${name}: ${size}`);
  }
});

demo('every script of app 1 is loaded ahead, and no other', async ({ app1, open, requests }) => {
  for (const path of ['/', '/undo#token']) {
    const before = requests().length;
    const page = await open(app1 + path);
    await page.getByRole('button').filter({ visible: true }).first().waitFor();
    const ahead = await page.evaluate(() =>
      [...document.querySelectorAll('link[rel=modulepreload], script[src]')].map((place) => place.href ?? place.src),
    );
    const asked = requests().slice(before).map(({ url }) => url).filter((url) => url.endsWith('.js'));
    assert.deepEqual([...new Set(ahead)].sort(), asked.sort(), path);
  }
});

demo(
  'an unknown path has a page, which leads to both apps',
  async ({ app1, open }) => {
    const page = await open(`${app1}/no/such/page`);
    await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
    await look(page, 'not-found');
    await page.getByRole('link', { name: /^App 1/ }).click();
    await page.getByText('This browser', { exact: true }).waitFor();
  },
  { statuses: [404] },
);

demo('without JavaScript app 1 says so, and pretends nothing', async ({ app1, context }) => {
  const plain = await context.browser().newContext({ javaScriptEnabled: false });
  try {
    const page = await plain.newPage();
    for (const path of ['/', '/undo']) {
      await page.goto(app1 + path);
      assert.match(await page.locator('noscript').innerHTML(), /This page needs JavaScript/);
      assert.ok((await page.locator('noscript').boundingBox()).height > 20, 'it is seen');
      assert.equal(await page.getByRole('button').count(), 0, 'nothing is there to be pressed in vain');
      assert.ok(!(await page.locator('main').innerText()).includes('…'), 'and nothing pretends to go on');
    }
  } finally {
    await plain.close();
  }
});

demo('the QR codes of addresses of every length can be read', async ({ app1, open }) => {
  const page = await open(app1);
  const draw = (text) => page.evaluate(async (text) => (await import('/modules/qr.js')).qrModules(text), text);
  for (let length = 1; length <= 213; length += 4) {
    const text = 'https://app.example.com/enroll#A7U-KY6-9PT-'.repeat(6).slice(0, length);
    assert.equal(readModules(await draw(text)), text);
  }
  await assert.rejects(draw('x'.repeat(214)), /too long/);
});

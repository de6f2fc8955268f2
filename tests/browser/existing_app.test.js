// The example `existing_app` at two domains, in Chromium with virtual authenticators. One passkey
// opens both, because they are related origins.
//
// Needs the example to be built: cargo build -p existing_app.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { addAuthenticator, launchBrowser, look, watch } from './demo.js';
import { startProxy } from './proxy.js';

const target = process.env.CARGO_TARGET_DIR ?? new URL('../../target', import.meta.url).pathname;
const example = path.join(target, 'debug/existing_app');
const [domain1, domain2] = ['existing.test', 'other.test'];
const [app1, app2] = [`https://${domain1}`, `https://${domain2}`];

const atTwoDomains = ['--rp-id', domain1, '--behind-proxy', '--origin', app1, '--origin', app2];

/** Starts the example on a free port. */
async function startApp(folder, flags) {
  const args = ['--port', '0', '--database', path.join(folder, 'app.db'), ...flags];
  const server = spawn(example, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const said = [];
  const lines = createInterface(server.stdout);
  lines.on('line', (line) => said.push(line));
  await Promise.race([
    once(lines, 'line'),
    once(server, 'exit').then(([code]) => assert.fail(`the example ended with ${code}`)),
    once(server, 'error').then(([error]) => assert.fail(`the example did not start: ${error.message}`)),
  ]);
  return {
    port: Number(/port (\d+)/.exec(said[0])[1]),
    /** Returns the next line of a mail that has such a text. */
    async mail(pattern) {
      while (!said.some((line) => pattern.test(line))) await once(lines, 'line');
      return pattern.exec(said.find((line) => pattern.test(line)));
    },
    async stop() {
      if (server.exitCode !== null) return;
      const exit = once(server, 'exit');
      process.kill(server.pid, 'SIGINT');
      await exit;
    },
  };
}

/** Runs a test with an application, and devices that each have an authenticator of their own. */
function existing(name, run, { flags = atTwoDomains, statuses = [401], awaits = /^$/ } = {}) {
  test(name, async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'existing_app-'));
    const app = await startApp(folder, flags);
    const proxy = await startProxy(app.port);
    const browser = await launchBrowser(...proxy.flags(domain1, domain2));
    const watched = [];
    const device = async () => {
      const context = await browser.newContext();
      context.setDefaultTimeout(30_000);
      const page = await context.newPage();
      watched.push(watch(page, statuses));
      const authenticator = await addAuthenticator(page);
      return { page, authenticator };
    };
    try {
      await run({ ...app, device });
      const complaints = watched.flatMap((page) => page.complaints).filter((text) => !awaits.test(text));
      assert.deepEqual(complaints, []);
    } catch (error) {
      for (const page of browser.contexts().flatMap((context) => context.pages())) {
        console.error(`${page.url()} shows:\n${await page.innerText('body').catch(() => '')}`);
      }
      throw error;
    } finally {
      await browser.close();
      proxy.stop();
      await app.stop();
      await fs.rm(folder, { recursive: true, force: true });
    }
  });
}

const shows = (page, text) => page.getByText(text, { exact: true }).waitFor();
const signedIn = 'Signed in as ada@example.com';

async function signUp(page, app = app1) {
  await page.goto(app);
  await page.getByLabel('Name').fill('ada@example.com');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await shows(page, signedIn);
}

/** Mints a code in app 1. Returns the link to app 2, with the code. */
async function mint(page, app = app1) {
  await page.goto(`${app}/passkeys`);
  await page.getByRole('button', { name: 'Add a device' }).click();
  await page.locator('#app2[href]').waitFor();
  return page.locator('#app2').getAttribute('href');
}

async function enroll(page, link) {
  await page.goto(link);
  await page.getByLabel('Name of this device').fill('My phone');
  await page.getByRole('button', { name: 'Add passkey' }).click();
  await shows(page, 'The passkey was added. It signs you in here.');
}

existing('one passkey that a code added opens both apps, in the field for the name', async ({ device }) => {
  const first = await device();
  await signUp(first.page);
  await look(first.page, 'existing-app-front');
  const link = await mint(first.page);
  assert.match(link, /^https:\/\/other\.test\/enroll#[A-HJ-NP-Z2-9]{3}(-[A-HJ-NP-Z2-9]{3}){2}$/);
  await look(first.page, 'existing-app-passkeys');

  const second = await device();
  await second.page.goto(link);
  await look(second.page, 'existing-app-enroll');
  assert.equal(second.page.url(), `${app2}/enroll`, 'the code is gone from the address');
  await enroll(second.page, link);
  const [old] = await first.authenticator.credentials();
  const [added] = await second.authenticator.credentials();
  assert.equal(added.rpId, domain1, 'both apps have one domain for their passkeys');
  assert.equal(added.userHandle, old.userHandle, 'and one handle for the user');

  // Nobody clicks: the virtual authenticator takes the offer in the field.
  for (const app of [app2, app1]) {
    await second.page.goto(app);
    await shows(second.page, signedIn);
  }
  // The old one does, too.
  await first.page.goto(app2);
  await shows(first.page, signedIn);
});

existing('a passkey is renamed and removed, each signed by an old one, and then opens nothing', async ({ device }) => {
  const first = await device();
  await signUp(first.page);
  const link = await mint(first.page);
  const second = await device();
  await enroll(second.page, link);

  const { page } = first;
  await page.goto(`${app1}/passkeys`);
  page.once('dialog', (dialog) => dialog.accept('Telephone'));
  await page.getByRole('button', { name: 'Rename My phone' }).click();
  await shows(page, 'Telephone');
  await page.getByRole('button', { name: 'Remove Telephone' }).click();
  await page.getByText('Telephone').waitFor({ state: 'detached' });
  await second.page.goto(app2);
  await shows(second.page, 'This passkey opens no account here.');
  await page.getByRole('button', { name: 'Remove Passkey' }).click();
  await page.getByText(/last/).waitFor();
}, { statuses: [401, 403, 409] });

existing('the link of the notice takes the passkey back', async ({ device, mail }) => {
  const first = await device();
  await signUp(first.page);
  const second = await device();
  await enroll(second.page, await mint(first.page));

  const [, link] = await mail(/take it back: (https:\S+)$/);
  await first.page.goto(link);
  await look(first.page, 'existing-app-undo');
  await first.page.getByRole('button', { name: 'Take it back' }).click();
  await shows(first.page, 'It was taken back.');
  await second.page.goto(app2);
  await shows(second.page, 'This passkey opens no account here.');
}, { statuses: [401, 403] });

existing('app 2 can not mint, not even for who is signed in at app 1', async ({ device }) => {
  const { page } = await device();
  await signUp(page);
  await page.goto(app2);
  await shows(page, signedIn);
  for (const target of [app1, app2]) {
    const answered = await page.evaluate(async (origin) => {
      const request = { method: 'POST', headers: { 'content-type': 'application/json' }, credentials: 'include' };
      const expiration = new Date(Date.now() + 55_000).toISOString();
      const body = JSON.stringify({ expiration });
      const response = await fetch(`${origin}/auth/credentials/code`, { ...request, body }).catch(() => undefined);
      return response?.status;
    }, target);
    assert.equal(answered, target === app1 ? undefined : 403, target);
  }
}, { statuses: [0, 401, 403], awaits: /blocked by CORS policy/ });

existing('without flags, on one machine, the two apps share a domain and need no TLS', async ({ device, port }) => {
  const [here, there] = ['existing.localhost', 'app2.existing.localhost'].map((name) => `http://${name}:${port}`);
  const first = await device();
  await signUp(first.page, here);
  const second = await device();
  const link = await mint(first.page, here);
  assert.ok(link.startsWith(`${there}/enroll#`), link);
  await enroll(second.page, link);
  for (const app of [there, here]) {
    await second.page.goto(app);
    await shows(second.page, signedIn);
  }
}, { flags: [] });

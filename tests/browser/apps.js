// The common parts of the tests of the example's two apps: a server and a profile for each test,
// and the steps that a person takes.
//
// Needs the example to be built: cargo build -p onboarding. Pictures go to $SCREENSHOTS, if it is set.

import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { after, before, test } from 'node:test';

import { createClient } from '../../examples/onboarding/pages/modules/client.js';
import { keySigner } from '../../examples/onboarding/pages/modules/signing.js';
import { launchBrowser, startServer, watch } from './demo.js';

// Node 18 has it under another name.
globalThis.crypto ??= webcrypto;

let browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

/**
 * Runs a test with a server and a browser profile of its own. Checks that no page complained,
 * except of what the test `awaits`. `approval` says whether app 1 is asked; `asked` is the default
 * of the example. Most tests are about something else, and do without.
 */
export function demo(name, run, { approval = 'none', flags = [], statuses = [], awaits = [] } = {}) {
  test(name, async () => {
    const server = await startServer(...(approval === 'asked' ? [] : ['--approval', approval]), ...flags);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(30_000);
    const watched = [];
    const open = async (url, options) => {
      const page = await context.newPage();
      watched.push(watch(page, statuses));
      await page.goto(url, options);
      return page;
    };
    try {
      const owner = await ownerOf(server.setup);
      await run({ ...server, owner, context, open, requests: () => watched.flatMap((page) => page.requests) });
      const complaints = watched.flatMap((page) => page.complaints);
      const isAwaited = (text) => awaits.some((pattern) => pattern.test(text));
      assert.deepEqual(
        complaints.filter((text) => !isAwaited(text)),
        [],
      );
      for (const pattern of awaits) assert.ok(complaints.some((text) => pattern.test(text)), `${pattern} is said`);
    } catch (error) {
      for (const page of context.pages()) {
        const text = await page.innerText('body').catch(() => '');
        console.error(`${page.url()} shows:\n${text}`);
      }
      throw error;
    } finally {
      // A page that closes may still be asking. Its answer comes too late then, which is no failure.
      await Promise.all([context, ...context.pages()].map((it) => it.unrouteAll({ behavior: 'ignoreErrors' })));
      await context.close();
      await server.stop();
    }
  });
}

/** The user of app 1 without its page: they make codes, and decide. */
async function ownerOf({ base, token, credId, privateKey: pem, origin }) {
  const der = Buffer.from(pem.replace(/-----.*?-----/g, ''), 'base64');
  const privateKey = await crypto.subtle.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const sign = keySigner({ credId, privateKey }, { origin });
  return createClient({ baseUrl: base, headers: { authorization: `Bearer ${token}` }, sign });
}

/** Returns the enrolment that waits for the owner's answer, as soon as one does. */
export async function pending(owner) {
  for (;;) {
    const waiting = (await owner.enrolments()).find(({ stage }) => stage === 'pending');
    if (waiting) return waiting;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Asks for a code in app 1. */
export async function mint(page) {
  await page.getByRole('button', { name: 'Add a way to sign in' }).click();
  await page.getByText('Waiting for the code').waitFor();
  return page.locator('#code').textContent();
}

export async function enter(page, code, kind = 'Passkey') {
  await page.getByLabel('One-time code').fill(code);
  await page.getByRole('radio', { name: kind }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
}

export const heading = (page, name) => page.getByRole('heading', { name }).waitFor();

/** Returns what app 1 says about a code. */
export const outcome = (page, title) => page.locator('.ask').getByRole('heading', { name: title, exact: true }).waitFor();

export const waiting = 'Waiting for approval in the other app';
export const itIsMe = (page) => page.getByRole('button', { name: 'It’s me' });
export const notMe = (page) => page.getByRole('button', { name: 'Not me' });

/** Says yes in app 1, once it asks. */
export async function approve(page) {
  await page.getByRole('heading', { name: /^Add this .*\?$/ }).waitFor();
  await itIsMe(page).click();
}

/** Makes a page hear of other enrolments than there are. */
export const pretend = (page, change) =>
  page.route(/\/auth\/credentials\/enrolments$/, async (route) => {
    const { items } = await (await route.fetch()).json();
    await route.fulfill({ json: { items: change(items) } });
  });

/** Makes a recovery key in app 2, which needs no authenticator. */
export async function addRecoveryKey(page, code) {
  await enter(page, code, 'Recovery key');
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
}

// The modules in another page: `examples/onboarding/pages/preact`, which draws them with a
// framework.

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';

import { demo, heading, pending, waiting } from './apps.js';
import { addAuthenticator } from './demo.js';

const folder = new URL('../../examples/onboarding/pages/preact/', import.meta.url);
const htm = new URL('node_modules/htm/preact/standalone.module.js', import.meta.url);
const TYPES = { html: 'text/html', js: 'text/javascript' };

/** Serves the page beside the example's own, under the same strict policy. */
async function sample(context, app2) {
  const strict = (await fetch(`${app2.replace('app2.', '')}/enroll`)).headers.get('content-security-policy');
  await context.route(`${app2}/preact/**`, async (route) => {
    const path = new URL(route.request().url()).pathname.replace('/preact/', '');
    const file = path === 'htm.js' ? htm : new URL(path || 'index.html', folder);
    const headers = {
      'content-type': TYPES[file.pathname.split('.').at(-1)],
      'content-security-policy': strict,
    };
    await route.fulfill({ headers, body: await fs.readFile(file) });
  });
  return `${app2}/preact/`;
}

async function enter(page, code) {
  await page.getByLabel('One-time code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
}

demo(
  'a page with another framework goes the whole way',
  async ({ app2, owner, context, open }) => {
    const page = await open(await sample(context, app2));
    const authenticator = await addAuthenticator(page);
    await enter(page, 'ABC-DEF-GHJ');
    await page.getByText('This code doesn’t work').waitFor();
    await enter(page, (await owner.mint()).code.toLowerCase().replaceAll('-', ' '));
    await heading(page, 'Create your passkey');
    await authenticator.refuse();
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await page.getByText('No passkey was made').waitFor();
    await authenticator.agree();
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, waiting);
    const { id } = await pending(owner);
    const digits = await page.getByText('Type this number there').locator('strong').textContent();
    await owner.approve(id, digits);
    await heading(page, 'Passkey added');
    assert.equal((await authenticator.credentials()).length, 1);
  },
  { approval: 'code', statuses: [403] },
);

demo(
  'it says what the owner said, other than yes',
  async ({ app2, owner, context, open }) => {
    const page = await open(await sample(context, app2));
    const authenticator = await addAuthenticator(page);
    await enter(page, (await owner.mint()).code);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, waiting);
    await owner.refuse((await pending(owner)).id);
    await heading(page, 'The other app refused it');
    assert.deepEqual(await authenticator.credentials(), []);
    await page.getByRole('button', { name: 'Enter another code' }).click();
    await heading(page, 'Add a way to sign in');
  },
  { approval: 'asked' },
);

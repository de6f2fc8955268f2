// The page of the example `sign_in`, in Chromium with a virtual authenticator.
//
// Needs the example to be built: cargo build -p sign_in.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addAuthenticator, launchBrowser, look, startExample, watch } from './demo.js';

let browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

/** The address that the server prints for the first passkey, with the code. */
const LINK = /http:\/\/localhost:\d+\/#\S+/;

/** Runs a test with a server and a browser profile of its own, and checks that the page did not complain. */
function demo(name, run, { statuses = [] } = {}) {
  test(name, async () => {
    const server = await startExample('sign_in', { env: { PORT: '0' }, greeting: LINK });
    const context = await browser.newContext();
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const { complaints, requests } = watch(page, statuses);
    try {
      const [link] = LINK.exec(server.output());
      const authenticator = await addAuthenticator(page);
      await run({ page, link, authenticator, context, requests });
      assert.deepEqual(complaints, []);
    } catch (error) {
      console.error(`${page.url()} shows:\n${await page.innerText('body').catch(() => '')}`);
      throw error;
    } finally {
      await context.close();
      await server.stop();
    }
  });
}

const heading = (page, name) => page.getByRole('heading', { name }).waitFor();
const press = (page, name) => page.getByRole('button', { name }).click();

demo('a newcomer adds the first passkey, is offered it, signs in, and out', async (run) => {
  const { page, link, authenticator, context, requests } = run;
  await page.goto(link);
  await heading(page, 'Your first passkey');
  await look(page, 'sign-in-new');
  await press(page, 'Create a passkey');

  // The field offers the passkey. The authenticator takes the offer without anybody at the screen.
  await heading(page, 'Signed in as');
  assert.equal(await page.locator('#user').textContent(), 'us-ada');
  await look(page, 'sign-in-in');
  const [{ signCount, userHandle, isResidentCredential }] = await authenticator.credentials();
  assert.ok(isResidentCredential);
  assert.equal(atob(userHandle), 'us-ada');
  assert.equal(signCount, 2, 'made, and signed once');
  const [session] = await context.cookies();
  assert.ok(session.httpOnly && session.sameSite === 'Lax');
  assert.equal(await page.evaluate(() => document.cookie), '');
  assert.ok(!requests.some(({ url }) => url.includes(link.split('#')[1])), 'no URL has the code');

  await page.reload();
  await heading(page, 'Signed in as');
  await authenticator.refuse();
  await press(page, 'Sign out');
  await heading(page, 'Sign in');
  assert.deepEqual(await context.cookies(), []);
  await look(page, 'sign-in-out');

  await authenticator.agree();
  await press(page, 'Sign in with a passkey');
  await heading(page, 'Signed in as');
  const [another] = await context.cookies();
  assert.notEqual(another.value, session.value);
});

demo(
  'a passkey that nobody has here and a code that was used are refused in plain words',
  async ({ page, link, authenticator }) => {
    const base = new URL('/', link).href;
    await page.goto(base);
    await heading(page, 'Sign in');
    // The state is the same as if its account were gone.
    await page.evaluate(async () => {
      const { publicKey } = await (await fetch('/sign-in/init', { method: 'POST' })).json();
      const options = PublicKeyCredential.parseCreationOptionsFromJSON({
        challenge: publicKey.challenge,
        rp: { id: publicKey.rpId, name: 'Example' },
        user: { id: 'dXMtYWRh', name: 'ada', displayName: 'Ada' },
        pubKeyCredParams: [-7, -257].map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'required' },
      });
      await navigator.credentials.create({ publicKey: options });
    });
    await press(page, 'Sign in with a passkey');
    await page.getByText('This passkey does not sign you in.').waitFor();

    await authenticator.clear();
    await page.goto(link);
    await page.reload();
    await press(page, 'Create a passkey');
    await heading(page, 'Signed in as');
    await authenticator.refuse();
    await press(page, 'Sign out');
    await heading(page, 'Sign in');
    await page.goto(`${base}#${link.split('#')[1]}`);
    await press(page, 'Create a passkey');
    await page.getByText('This code does not work. Ask for a new one.').waitFor();
  },
  { statuses: [400, 403] },
);

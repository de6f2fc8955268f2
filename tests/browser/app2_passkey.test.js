// App 2 makes passkeys, wherever a browser can.

import assert from 'node:assert/strict';

import { demo, enter, heading } from './apps.js';
import { addAuthenticator, freePort, look } from './demo.js';

demo(
  'a cancelled passkey is tried again with the same challenge',
  async ({ app2, owner, open, requests }) => {
    const code = (await owner.mint()).code;
    const page = await open(`${app2}/enroll`);
    const authenticator = await addAuthenticator(page);
    await enter(page, code);
    await authenticator.refuse();
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await page.getByText('No passkey was made').waitFor();
    await look(page, 'app2-cancelled');
    assert.deepEqual(await authenticator.credentials(), []);

    await authenticator.agree();
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, 'Passkey added');
    assert.equal(
      requests().filter(({ url }) => url.endsWith('/code/init')).length,
      1,
      'one code, one challenge',
    );
  },
);

demo('a device that has a passkey already signs in with it', async ({ app2, owner, open }) => {
  const page = await open(`${app2}/enroll`);
  const authenticator = await addAuthenticator(page);
  await enter(page, (await owner.mint()).code);
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, 'Passkey added');
  assert.equal(await page.title(), 'Added · App 2');
  await page.getByRole('button', { name: 'Add another' }).click();
  assert.equal(await page.title(), 'Add a way to sign in · App 2');

  await enter(page, (await owner.mint()).code);
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, 'This device has your passkey already');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'present-title');
  await look(page, 'app2-present');
  assert.equal((await authenticator.credentials()).length, 1);
  await page.getByRole('button', { name: 'Use another device or security key' }).click();
  await heading(page, 'Create your passkey');
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, 'This device has your passkey already');
  await page.getByRole('button', { name: 'Sign in with it' }).click();
  await heading(page, 'You are signed in');
});

demo(
  'a browser without parseCreationOptionsFromJSON makes the same passkey',
  async ({ app2, owner, context, open }) => {
    await context.addInitScript(() => delete PublicKeyCredential.parseCreationOptionsFromJSON);
    const code = (await owner.mint()).code;
    const page = await open(`${app2}/enroll`);
    const authenticator = await addAuthenticator(page);
    assert.equal(
      await page.evaluate(() => typeof PublicKeyCredential.parseCreationOptionsFromJSON),
      'undefined',
    );
    await enter(page, code);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'Passkey added');
    const [{ userHandle }] = await authenticator.credentials();
    assert.equal(Buffer.from(userHandle, 'base64').toString(), 'us-2ba0h-lvp2q-8v1860pcj1bh5irf');
  },
);

demo(
  'a challenge that is gone asks for a new code, and the passkey is dropped',
  async ({ app2, owner, open }) => {
    const code = (await owner.mint()).code;
    const page = await open(`${app2}/enroll`);
    const authenticator = await addAuthenticator(page);
    await enter(page, code);
    // Somebody else answers it wrongly, which spends it.
    await page.route('**/code/verify', async (route) => {
      const body = route.request().postDataJSON();
      await route.continue({ postData: JSON.stringify({ ...body, challengeIdentifier: 'unknown' }) });
    });
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'This took too long');
    await look(page, 'app2-too-long');
    assert.deepEqual(await authenticator.credentials(), [], 'no passkey stays behind that opens nothing');
    await page.getByRole('button', { name: 'Enter a new code' }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'typed');
  },
  { statuses: [403] },
);

demo(
  'starting over closes the dialog, and its button works for the next code',
  async ({ app2, owner, context, open }) => {
    await context.addInitScript(() => {
      const create = navigator.credentials.create.bind(navigator.credentials);
      globalThis.isAborted = false;
      // The first dialog stays open for good, whatever the page does.
      navigator.credentials.create = ({ signal }) => {
        navigator.credentials.create = create;
        signal.addEventListener('abort', () => (globalThis.isAborted = true));
        return new Promise(() => {});
      };
    });
    const [first, second] = [(await owner.mint()).code, (await owner.mint()).code];
    const page = await open(`${app2}/enroll`);
    await addAuthenticator(page);
    await enter(page, first);
    await page.locator('#create-passkey').click();
    assert.equal(await page.locator('#create-passkey').getAttribute('aria-disabled'), 'true');
    await page.locator('#passkey').getByRole('button', { name: 'Start over' }).click();
    assert.ok(await page.evaluate(() => globalThis.isAborted), 'the dialog is closed');

    await enter(page, second);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'Passkey added');
  },
);

demo('a browser without passkeys offers keys, and says why', async ({ app2, context, open }) => {
  await context.addInitScript(() => delete globalThis.PublicKeyCredential);
  const page = await open(`${app2}/enroll`);
  await page.getByText('this browser has no passkeys').waitFor();
  assert.ok(await page.getByRole('radio', { name: 'Passkey' }).isDisabled());
});

const port = await freePort();
demo(
  'app 2 on a bare address makes keys only, and says why',
  async ({ owner, open }) => {
    const page = await open(`http://127.0.0.1:${port}/enroll`);
    await page.getByText('127.0.0.1 is an address').waitFor();
    assert.ok(await page.getByRole('radio', { name: 'Passkey' }).isDisabled());
    await look(page, 'app2-address');
    await enter(page, (await owner.mint()).code, 'Recovery key');
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, 'Recovery key added');
    assert.ok((await owner.credentials()).some(({ kind }) => kind === 'RecoveryKey'));
  },
  { flags: ['--port', port, '--origin', `http://127.0.0.1:${port}`] },
);

const otherPort = await freePort();
demo(
  'app 2 on another port is another origin of the same domain',
  async ({ owner, open }) => {
    const code = (await owner.mint()).code;
    const page = await open(`http://localhost:${otherPort}/enroll`);
    const authenticator = await addAuthenticator(page);
    await enter(page, code);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'Passkey added');
    assert.equal((await authenticator.credentials())[0].rpId, 'localhost');
  },
  { flags: ['--origin', `http://localhost:${otherPort}`] },
);

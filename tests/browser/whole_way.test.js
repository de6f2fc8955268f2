// Both apps together: each kind is added, from the code to the list, as a person does it.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';

import { utf8 } from '../../examples/onboarding/pages/modules/base64url.js';
import { readRecoveryCode, sign, unlock } from '../../examples/onboarding/pages/modules/keys.js';
import { approve, demo, enter, heading, mint, outcome, waiting } from './apps.js';
import { addAuthenticator, look, onPaper } from './demo.js';

demo(
  'a typed code adds a passkey on another domain',
  async ({ app1, app2, open, requests, output }) => {
    const first = await open(app1);
    await first.getByText('This browser', { exact: true }).waitFor();
    await look(first, 'app1-start');
    const code = await mint(first);
    assert.match(code, /^[A-HJ-NP-Z2-9]{3}(-[A-HJ-NP-Z2-9]{3}){2}$/);
    await look(first, 'app1-code');

    const second = await open(`${app2}/enroll`);
    const authenticator = await addAuthenticator(second);
    await look(second, 'app2-start');
    await enter(second, ` ${code.toLowerCase().replaceAll('-', ' ')} `);
    await heading(second, 'Create your passkey');
    await outcome(first, 'Somebody entered your code');
      await look(second, 'app2-passkey');
    assert.ok(
      await second.locator('#passkey').getByText('ada@example.com').isVisible(),
      'the person sees whose account it is',
    );

    await second.getByLabel('Name').fill('My new phone');
    await second.getByRole('button', { name: 'Create passkey' }).click();
    await heading(second, waiting);
    assert.equal(await second.evaluate(() => document.activeElement.id), 'approval-title');
    await look(second, 'app2-waiting');
    await outcome(first, 'Add this passkey?');
    await look(first, 'app1-pending');
    const asker = await first.locator('.ask .facts').textContent();
    assert.match(asker, /Passkey.*My new phone.*app2\.localhost.*Chrome on Linux.*127\.0\.0\.1/);
    const added = first.locator('#credentials').getByRole('listitem').filter({ hasText: 'My new phone' });
    assert.equal(await added.count(), 0, 'it is not added yet');
    await approve(first);
    await heading(second, 'Passkey added');
    await look(second, 'app2-passkey-done');
    const facts = await second.locator('#done-facts').textContent();
    assert.match(facts, /My new phone.*ada@example\.com.*app2\.localhost/);
    const [passkey] = await authenticator.credentials();
    assert.equal(passkey.rpId, 'app2.localhost', 'app 1 has another relying party');
    assert.equal(Buffer.from(passkey.userHandle, 'base64').toString(), 'us-2ba0h-lvp2q-8v1860pcj1bh5irf');

    await outcome(first, 'My new phone was added');
    await added.waitFor();
    assert.match(await added.textContent(), /New[^]*Passkey for app2\.localhost/);
    await look(first, 'app1-added');
    assert.equal(await first.getByText('This browser', { exact: true }).count(), 1);

    const addresses = requests().map(({ url }) => url);
    assert.ok(
      addresses.every((url) => new URL(url).hostname.endsWith('localhost')),
      'nothing comes from elsewhere',
    );
    const symbols = code.replaceAll('-', '');
    assert.ok(
      addresses.every((url) => !url.replaceAll('-', '').includes(symbols)),
      'no address holds the code',
    );
    assert.match(output(), /has a new passkey: .?My new phone/);
    assert.ok(!output().includes(code), 'nor does the log');
  },
  { approval: 'asked' },
);

/**
 * Opens the encrypted private key with the secret that was never sent. Checks that it belongs to
 * the public key.
 */
async function opens({ encryptedPrivateKey, credentialInfo }, secret) {
  const signature = await sign(await unlock(encryptedPrivateKey, secret), utf8('text'));
  const { publicKey } = JSON.parse(Buffer.from(credentialInfo.attestationData, 'base64url'));
  return crypto.verify('sha256', 'text', publicKey, signature);
}

demo(
  'a recovery key is printed once, and leaves encrypted',
  async ({ app1, app2, open, requests }) => {
    const first = await open(app1);
    const code = await mint(first);
    const page = await open(`${app2}/enroll`);
    await enter(page, code, 'Recovery key');
    await heading(page, 'Save your recovery code');
    const secret = await page.locator('#recovery-code').textContent();
    assert.match(secret, /^[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){7}$/);
    const typed = secret.toLowerCase().replaceAll('-', ' ');
    assert.equal(readRecoveryCode(typed), secret, 'it may be typed in any way');
    await look(page, 'app2-recovery');
    await onPaper(page, 'app2-recovery', async () => {
      assert.ok(await page.locator('#recovery-code').isVisible());
      assert.equal(await page.getByRole('button').count(), 0, 'paper has no buttons');
    });

    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await page.getByText('Save it first').waitFor();
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, waiting);
    assert.ok(!(await page.content()).includes(secret), 'it is shown no longer than needed');
    await approve(first);
    await heading(page, 'Recovery key added');
      assert.ok(!(await page.content()).includes(secret), 'it is not shown again');

    const sent = requests();
    assert.ok(sent.every(({ body }) => !body.includes(secret) && !body.includes(secret.replaceAll('-', ''))));
    const registered = JSON.parse(sent.find(({ url }) => url.endsWith('/code/verify')).body);
    assert.equal(registered.credentialKind, 'RecoveryKey');
    assert.ok(await opens(registered, secret));
    await assert.rejects(
      opens(
        registered,
        secret.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      ),
    );
    await outcome(first, 'Recovery key was added');
  },
  { approval: 'asked' },
);

demo(
  'a password never leaves the page that its key is made on',
  async ({ app1, app2, open, requests }) => {
    const first = await open(app1);
    const page = await open(`${app2}/enroll`);
    await enter(page, await mint(first), 'Password-protected key');
    await heading(page, 'Choose a password');
    await look(page, 'app2-password');
    const password = 'correct horse battery staple';
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Add password-protected key' }).click();
    await page.getByText('That is too short').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByLabel('Password again').fill('correct horse battery stable');
    await page.getByRole('button', { name: 'Add password-protected key' }).click();
    await page.getByText('The two passwords differ.').waitFor();
    await look(page, 'app2-password-differs');
    await page.getByLabel('Password again').fill(password);
    await page.evaluate(() => {
      globalThis.said = [];
      const hear = (records) =>
        globalThis.said.push(...records.map(({ target }) => [target.id, target.textContent]));
      const observer = new MutationObserver(hear);
      for (const id of ['announcer', 'create-password'])
        observer.observe(document.getElementById(id), { childList: true });
    });
    await page.getByRole('button', { name: 'Add password-protected key' }).click();
    await heading(page, waiting);
    const said = [
      ['create-password', 'Working…'],
      ['announcer', 'Working…'],
      ['announcer', ''],
    ];
    assert.deepEqual(await page.evaluate(() => globalThis.said), said, 'and no more on the next screen');
    await approve(first);
    await heading(page, 'Password-protected key added');
  
    const sent = requests();
    assert.ok(sent.length > 0);
    for (const { url, body } of sent) {
      assert.ok(
        ![url, body].some((text) => decodeURIComponent(text).includes(password)),
        `${url} does not hold the password`,
      );
    }
    const registered = JSON.parse(sent.find(({ url }) => url.endsWith('/code/verify')).body);
    assert.equal(registered.credentialKind, 'PasswordProtectedKey');
    assert.ok(await opens(registered, password));
    await assert.rejects(opens(registered, 'another password'));
  },
  { approval: 'asked' },
);

demo('the whole way can be gone by keyboard', async ({ app1, app2, open }) => {
  const first = await open(app1);
  await first.getByRole('button', { name: 'Add a way to sign in' }).waitFor();
  await first.keyboard.press('Tab');
  await first.keyboard.press('Enter');
  await first.getByText('Waiting for the code').waitFor();
  assert.equal(await first.evaluate(() => document.activeElement.id), 'code-title');
  const code = await first.locator('#code').textContent();

  const page = await open(`${app2}/enroll`);
  await addAuthenticator(page);
  await page.keyboard.press('Tab');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
  await heading(page, 'Create your passkey');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'passkey-title');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await heading(page, 'Passkey added');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'done-title');
});

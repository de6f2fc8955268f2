// App 1 lists the ways to sign in that its user has, and its user changes them.

import assert from 'node:assert/strict';

import { addRecoveryKey, approve, demo, enter, heading, mint, outcome } from './apps.js';
import { addAuthenticator, look } from './demo.js';

const row = (page, name) => page.locator('.credential').filter({ hasText: name });

/** Opens the actions of a way to sign in, and does one. */
async function change(page, name, button) {
  const item = row(page, name);
  if (!(await item.getByRole('button', { name: button }).isVisible())) await item.locator('summary').click();
  await item.getByRole('button', { name: button }).click();
}

/** Makes a page note what it tells the browser about passkeys. */
const spyOnSignals = (context) =>
  context.addInitScript(() => {
    globalThis.told = [];
    const signal = PublicKeyCredential.signalUnknownCredential.bind(PublicKeyCredential);
    PublicKeyCredential.signalUnknownCredential = (facts) => (globalThis.told.push(facts), signal(facts));
  });

/** Makes new passkeys say that Google’s manager keeps and syncs them. Nobody signs that. */
const pretendToBeGoogle = (page) =>
  page.addInitScript(() => {
    const { get } = Object.getOwnPropertyDescriptor(AuthenticatorAttestationResponse.prototype, 'attestationObject');
    Object.defineProperty(AuthenticatorAttestationResponse.prototype, 'attestationObject', {
      get() {
        const bytes = new Uint8Array(get.call(this).slice(0));
        const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
        // After the name `authData` come the length, the hash of the domain, flags, a counter, and
        // the AAGUID.
        const at = hex.indexOf('617574684461746158') / 2 + 10 + 32;
        bytes[at] |= 0x08;
        bytes.set(Uint8Array.from('ea9b8d664d011d213ce4b6b48cb575d4'.match(/../g), (byte) => parseInt(byte, 16)), at + 5);
        return bytes.buffer;
      },
    });
  });

demo('each row says what it is, who made it, when it was added and used', async ({ app1, app2, owner, open }) => {
  const first = await open(app1);
  const page = await open('about:blank');
  await pretendToBeGoogle(page);
  await page.goto(`${app2}/enroll`);
  await addAuthenticator(page);
  await enter(page, await mint(first));
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await outcome(first, 'Add this passkey?');
  assert.match(await first.locator('.facts').innerText(), /Passkey, synced\s+Made by\s+Google Password Manager/);
  await look(first, 'app1-pending-provider');
  await approve(first);
  await heading(page, 'Passkey added');
  const added = row(first, 'Google Password Manager');
  const facts = /New.*Passkey for app2\.localhost · Google Password Manager · synced to your devices.*Added .* · not used yet/s;
  assert.match(await added.innerText(), facts);
  const own = row(first, 'This browser');
  assert.equal(await own.count(), 1);
  assert.match(await own.innerText(), /Key for localhost.*Added .* · last used/s, 'it signed the code');
  assert.match(await row(first, 'Command line').innerText(), /not used yet/);
  await owner.rename((await owner.credentials()).at(-1).credentialUuid, 'Terminal');
  await row(first, 'Terminal').getByText('last used').waitFor();
  await first.reload();
  await row(first, 'Google Password Manager').getByText('New', { exact: true }).waitFor();
}, { approval: 'asked' });

demo('a way to sign in is renamed, deactivated and activated', async ({ app1, owner, open }) => {
  const first = await open(app1);
  await change(first, 'Command line', 'Rename');
  await look(first, 'app1-rename');
  await first.keyboard.press('Escape');
  assert.ok(await first.getByRole('dialog').isHidden());
  assert.equal(await first.evaluate(() => document.activeElement.textContent), 'Rename', 'the focus is back');
  await change(first, 'Command line', 'Rename');
  await first.getByRole('textbox', { name: 'Name' }).fill(' ');
  await first.keyboard.press('Enter');
  await first.getByText('Give it a name.').waitFor();
  await first.getByRole('textbox', { name: 'Name' }).fill('Laptop \u05d0\u05d1');
  await first.keyboard.press('Enter');
  await first.locator('#told bdi').getByText('Laptop \u05d0\u05d1').waitFor();
  await change(first, 'Laptop', 'Deactivate');
  await first.locator('#told').getByText('is deactivated').waitFor();
  await look(first, 'app1-deactivated');
  assert.deepEqual((await owner.credentials()).map(({ name, isActive }) => [name, isActive]).at(-1), ['Laptop \u05d0\u05d1', false]);
  await row(first, 'Laptop').getByText('Deactivated', { exact: true }).waitFor();
  await change(first, 'Laptop', 'Activate');
  await first.locator('#told').getByText('is active').waitFor();
  await row(first, 'Laptop').getByText('Deactivated', { exact: true }).waitFor({ state: 'detached' });
  assert.equal(await row(first, 'This browser').getByText('Deactivate', { exact: true }).isVisible(), false);
});

demo('a removal says what will stop working, and tells the browser', async ({ app1, context, owner, open }) => {
  await spyOnSignals(context);
  const first = await open(app1);
  // App 2 is at the domain of app 1, so the browser lets app 1 speak of its passkeys.
  const page = await open(`${app1}/enroll`);
  const authenticator = await addAuthenticator(page);
  await enter(page, await mint(first));
  await page.getByLabel('Name').fill('My phone');
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await outcome(first, 'My phone was added');
  await first.getByRole('button', { name: 'Close' }).click();
  const [{ credentialId }] = (await owner.credentials()).filter(({ kind }) => kind === 'Fido2');
  await change(first, 'My phone', 'Remove');
  await first.getByText('This passkey will no longer sign you in at localhost.').waitFor();
  assert.equal(await first.evaluate(() => document.activeElement.textContent), 'Keep it', 'a careless Enter keeps it');
  await look(first, 'app1-remove');
  await first.keyboard.press('Enter');
  assert.ok(await row(first, 'My phone').isVisible());
  await change(first, 'My phone', 'Remove');
  await first.getByRole('button', { name: 'Remove it' }).click();
  await first.getByText('My phone is removed', { exact: true }).waitFor();
  await row(first, 'My phone').waitFor({ state: 'detached' });
  assert.deepEqual(await first.evaluate(() => globalThis.told), [{ rpId: 'localhost', credentialId }]);
  assert.equal((await owner.credentials()).filter(({ kind }) => kind === 'Fido2').length, 0);
  await authenticator.clear();
});

demo('what was not me is removed, and nothing stays open', async ({ app1, app2, owner, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await addRecoveryKey(page, await mint(first));
  await outcome(first, 'Recovery key was added');
  await owner.mint();
  await outcome(first, 'A code is still open');
  await first.locator('.ask', { hasText: 'was added' }).getByRole('button', { name: 'This wasn’t me' }).click();
  await first.getByText('We remove it, and end every code that is open.').waitFor();
  await look(first, 'app1-disown');
  await first.keyboard.press('Enter');
  await first.getByText('Recovery key is removed', { exact: true }).waitFor();
  assert.equal((await owner.credentials()).filter(({ kind }) => kind === 'RecoveryKey').length, 0);
  const stages = (await owner.enrolments()).map(({ stage }) => stage);
  assert.ok(stages.every((stage) => !['waiting', 'opened', 'pending'].includes(stage)), `${stages}`);
});

demo('the list is live, from wherever it is changed', async ({ app1, app2, owner, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  const { code } = await owner.mint();
  await addRecoveryKey(page, code);
  await row(first, 'Recovery key').waitFor();
  await row(first, 'Recovery key').locator('summary').click();
  await row(first, 'Recovery key').getByRole('button', { name: 'Rename' }).focus();
  const [{ credentialUuid }] = (await owner.credentials()).filter(({ kind }) => kind === 'RecoveryKey');
  await owner.rename(credentialUuid, 'Paper');
  await row(first, 'Paper').waitFor();
  assert.equal(await first.evaluate(() => document.activeElement.textContent), 'Rename', 'nobody loses their place');
  await owner.remove(credentialUuid);
  await row(first, 'Paper').waitFor({ state: 'detached' });
  assert.equal(await first.evaluate(() => document.activeElement.id), 'title');
  const mails = await first.locator('.mail').allInnerTexts();
  assert.match(mails[0], /removed/);
  assert.match(mails[2], /has a new recovery key/);
});

demo('a browser that removes itself is signed out, and comes back as a new one', async ({ app1, owner, open }) => {
  const first = await open(app1);
  const ids = async () => (await owner.credentials()).map(({ credentialId }) => credentialId);
  await first.getByText('This browser', { exact: true }).waitFor();
  const before = await ids();
  await change(first, 'This browser', 'Remove');
  await first.getByText('You will be signed out in this browser.').waitFor();
  await first.getByRole('button', { name: 'Remove it' }).click();
  await first.getByText('This browser is signed out', { exact: true }).waitFor();
  assert.ok(await first.locator('#list').isHidden());
  await look(first, 'app1-signed-out');
  assert.equal((await ids()).length, 1);
  await first.reload();
  await first.getByText('This browser', { exact: true }).waitFor();
  const [own] = await ids();
  assert.ok(!before.includes(own), 'with another key');
  // The same is done from elsewhere.
  const [{ credentialUuid }] = await owner.credentials();
  await owner.remove(credentialUuid);
  await first.getByText('This browser is signed out', { exact: true }).waitFor();
}, { statuses: [409] });

demo('a browser that is deactivated elsewhere says so', async ({ app1, owner, open }) => {
  const first = await open(app1);
  await first.getByText('This browser', { exact: true }).waitFor();
  const [{ credentialUuid }] = await owner.credentials();
  await owner.deactivate(credentialUuid);
  await first.getByText('This browser is deactivated', { exact: true }).waitFor();
  await first.getByRole('button', { name: 'Add a way to sign in' }).waitFor({ state: 'hidden' });
  await look(first, 'app1-inactive');
  await owner.activate(credentialUuid);
  await first.getByRole('button', { name: 'Add a way to sign in' }).waitFor();
  assert.ok(await first.getByText('This browser is deactivated', { exact: true }).isHidden());
});

demo('names stay in their place, whatever their length or direction', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const code = await mint(first);
  const page = await open(`${app2}/enroll`);
  await addAuthenticator(page);
  await enter(page, code);
  // Hebrew, which runs from right to left. The server refuses characters that reorder the text
  // around them.
  const name = `\u05d0\u05d1${'W'.repeat(198)}`;
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, 'Passkey added');
  await first.locator('#credentials').getByText(name).first().waitFor();
  await look(first, 'app1-long-name');
  for (const place of [first.locator('#credentials .name'), first.locator('.ask h2'), page.locator('#done-facts')]) {
    assert.equal(await place.locator('bdi', { hasText: 'WWW' }).textContent(), name);
  }
  assert.equal(await first.locator('#user').evaluate(({ localName }) => localName), 'bdi');
  assert.ok((await first.locator('.mail-text').textContent()).includes(`\u2068${name}\u2069`), 'in a mail, too');
});

demo('the mail on the page takes back, when somebody says so', async ({ app1, app2, open, output, requests }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await addRecoveryKey(page, await mint(first));
  await approve(first);
  await heading(page, 'Recovery key added');
  const there = first.getByRole('link', { name: 'Was it not you? Take it back' });
  const link = await there.getAttribute('href');
  assert.ok(link.startsWith(`${app1}/undo#`));
  assert.ok(output().includes(link), 'it is the one of the mail');
  assert.match(output(), /To: ada@example\.com\n.*\n\n.*ada@example\.com.* has a new recovery key: .*Recovery key/);

  const opened = first.waitForEvent('popup');
  await there.click();
  const mail = await opened;
  await heading(mail, 'Take back what was added');
  assert.equal(mail.url(), `${app1}/undo`, 'the token is gone from the address');
  await look(mail, 'undo');
  const asked = () => requests().filter(({ url }) => url.endsWith('/enrolments/undo')).length;
  assert.equal(asked(), 0, 'a scanner that opens the link does nothing');
  await first.bringToFront();
  assert.equal(await first.getByRole('listitem').filter({ hasText: 'Recovery key for' }).count(), 1);
  await mail.route('**/enrolments/undo', (route) => route.abort(), { times: 1 });
  await mail.getByRole('button', { name: 'Take it back' }).click();
  await mail.getByText('The server can’t be reached').waitFor();
  await mail.getByRole('button', { name: 'Take it back' }).click();
  await heading(mail, 'It is taken back');
  assert.equal(await mail.evaluate(() => document.activeElement.id), 'undone-title');
  await look(mail, 'undo-done');
  await outcome(first, 'It was taken back');
  await look(first, 'app1-undone');
  await mail.getByRole('link', { name: 'Go to your ways to sign in' }).click();
  await mail.getByText('This browser', { exact: true }).waitFor();
  assert.equal(await mail.getByText('Recovery key for').count(), 0);

  for (const wrong of [link.slice(0, -3), `${app1}/undo#`]) {
    const none = await open(wrong);
    if (!wrong.endsWith('#')) await none.getByRole('button', { name: 'Take it back' }).click();
    await heading(none, 'This link no longer works');
    if (wrong.endsWith('#')) await look(none, 'undo-invalid');
  }
}, { approval: 'asked', statuses: [0, 403] });

for (const name of ['InvalidStateError', 'SecurityError']) {
  demo(`a browser that keeps no keys says so, and not that of passkeys: ${name}`, async ({ app1, context, open }) => {
    await context.addInitScript((name) => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('Storage is blocked.', name);
      };
    }, name);
    const page = await open(app1);
    await page.getByText('This browser keeps no keys here').waitFor();
    assert.equal(await page.getByRole('alert').getByText(/passkey/i).count(), 0);
  });
}

demo(
  'an origin that the server does not know is refused in words, and never signed in',
  async ({ app1, app2, open }) => {
    const elsewhere = await open(app2);
    await elsewhere.getByText(`App 1 runs at ${app1}`).waitFor();
    await look(elsewhere, 'app1-elsewhere');
    const page = await open(`${app1.replace('localhost', '127.0.0.1')}/enroll`);
    await enter(page, 'ABC-DEF-GHJ', 'Recovery key');
    await page.getByText('Not allowed here').waitFor();
  },
  { statuses: [403] },
);

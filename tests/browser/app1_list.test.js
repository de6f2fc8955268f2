// App 1 lists what its user has, and a mail takes back what was added.

import assert from 'node:assert/strict';

import { addRecoveryKey, approve, demo, enter, heading, mint } from './apps.js';
import { addAuthenticator, look } from './demo.js';

demo('a name of any length or direction stays in its place', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const code = await mint(first);
  const page = await open(`${app2}/enroll`);
  await addAuthenticator(page);
  await enter(page, code);
  // Hebrew, which runs the other way. What reorders the text around it is refused by the server.
  const name = `\u05d0\u05d1${'W'.repeat(198)}`;
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, 'Passkey added');
  await look(page, 'app2-long-name');
  await first.locator('#credentials').getByText(name).waitFor();
  await look(first, 'app1-long-name');
  for (const place of [first.locator('#credentials'), first.locator('#outcome'), page.locator('#done-facts')]) {
    assert.equal(await place.locator('bdi', { hasText: 'WWW' }).textContent(), name);
  }
});

demo('whoever comes back to app 1 sees what was added meanwhile', async ({ app1, app2, open }) => {
  const [watching, other] = [await open(app1), await open(app1)];
  const page = await open(`${app2}/enroll`);
  await enter(page, await mint(other), 'Recovery key');
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await heading(page, 'Recovery key added');
  const added = watching.getByRole('listitem').filter({ hasText: 'Recovery key for' });
  assert.equal(await added.count(), 0);
  await watching.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await added.waitFor();
});

demo('the link in a mail takes back, when somebody says so', async ({ app1, app2, open, output, requests }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await addRecoveryKey(page, await mint(first));
  await approve(first);
  await heading(page, 'Recovery key added');
  const [link] = output().match(/http:\S+\/undo#\S+/);
  assert.ok(link.startsWith(`${app1}/undo#`));
  assert.match(output(), /To: ada@example\.com\n.*\n\nada@example\.com has a new RecoveryKey: Recovery key/);

  const mail = await open(link);
  await heading(mail, 'Take back a credential');
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
  await heading(mail, 'The credential is taken back');
  assert.equal(await mail.evaluate(() => document.activeElement.id), 'undone-title');
  await look(mail, 'undo-done');
  await mail.getByRole('link', { name: 'Go to your credentials' }).click();
  await mail.getByText('This browser', { exact: true }).waitFor();
  assert.equal(await mail.getByText('Recovery key for').count(), 0);

  for (const wrong of [link.slice(0, -3), `${app1}/undo#`]) {
    const none = await open(wrong);
    if (wrong.endsWith('#')) await heading(none, 'This link no longer works');
    else await none.getByRole('button', { name: 'Take it back' }).click();
    await heading(none, 'This link no longer works');
    await look(none, 'undo-invalid');
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
    assert.equal(await page.getByText(/passkey/i).count(), 0);
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

// App 1 says who asks, and its user decides.

import assert from 'node:assert/strict';

import {
  addRecoveryKey,
  approve,
  demo,
  enter,
  heading,
  itIsMe,
  mint,
  notMe,
  outcome,
  waiting,
} from './apps.js';
import { addAuthenticator, look } from './demo.js';

demo('who asks is shown, and refused as easily as approved', async ({ app1, app2, open, requests }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  const authenticator = await addAuthenticator(page);
  await enter(page, await mint(first));
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, waiting);
  await outcome(first, 'Add this passkey?');
  const [yes, no] = await Promise.all([itIsMe(first), notMe(first)].map((button) => button.boundingBox()));
  assert.deepEqual([yes.width, yes.height, yes.y], [no.width, no.height, no.y]);
  assert.equal(await itIsMe(first).getAttribute('class'), await notMe(first).getAttribute('class'));
  await notMe(first).focus();
  await first.keyboard.press('Enter');
  await outcome(first, 'Nothing was added');
  assert.equal(await first.evaluate(() => document.activeElement.id), 'panel-title');
  await look(first, 'app1-refused');
  await heading(page, 'The other app refused it');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'refused-title');
  await look(page, 'app2-refused-by-owner');
  assert.deepEqual(await authenticator.credentials(), [], 'no passkey stays behind that opens nothing');
  assert.equal(await first.getByText('Passkey for').count(), 0);
  const signed = requests().filter(({ headers }) => headers['x-dfns-useraction']);
  assert.equal(signed.length, 1, 'a no needs no signature');
  await first.getByRole('button', { name: 'Make a new code' }).click();
  await first.getByText('Waiting for the code').waitFor();
}, { approval: 'asked' });

demo(
  'whoever did not enter the code says so before anything is made',
  async ({ app1, app2, open }) => {
    const first = await open(app1);
    const page = await open(`${app2}/enroll`);
    await enter(page, await mint(first), 'Recovery key');
    await outcome(first, 'Continue on the other device');
    assert.ok(await itIsMe(first).isHidden(), 'there is nothing to say yes to');
    await notMe(first).click();
    await outcome(first, 'Nothing was added');
    await look(first, 'app1-revoked');
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, 'This took too long');
    await page.getByText('throw it away').waitFor();
  },
  { approval: 'asked', statuses: [403] },
);

const enterDigits = async (page, digits) => {
  await page.getByLabel('Number that the other device shows').fill(digits);
  await itIsMe(page).click();
};

/** Six digits that are not these. */
const other = (digits) => String((Number(digits.replace(' ', '')) + 1) % 1_000_000).padStart(6, '0');

demo(
  'a check code is typed in app 1, and may be mistyped twice',
  async ({ app1, app2, open, requests }) => {
    const first = await open(app1);
    const page = await open(`${app2}/enroll`);
    await addRecoveryKey(page, await mint(first));
    await heading(page, waiting);
    const digits = await page.locator('#check-code').textContent();
    assert.match(digits, /^\d{3} \d{3}$/);
    assert.equal(await page.locator('#check-code-spelled').textContent(), digits.replace(' ', '').split('').join(' '));
    await look(page, 'app2-waiting-code');
    await outcome(first, 'Add this recovery key?');
    await look(first, 'app1-pending-code');
    await enterDigits(first, '12 34');
    await first.getByText('The number has six digits.').waitFor();
    const asked = () => requests().filter(({ url }) => url.endsWith('/approve')).length;
    assert.equal(asked(), 0, 'and nothing was asked');
    await enterDigits(first, other(digits));
    await first.locator('#digits-problem').getByText('You have two tries left.').waitFor();
    assert.equal(await first.evaluate(() => document.activeElement.id), 'digits');
    await look(first, 'app1-wrong-code');
    await enterDigits(first, other(digits));
    await first.locator('#digits-problem').getByText('You have one try left.').waitFor();
    await enterDigits(first, digits);
    await heading(page, 'Recovery key added');
    await first.getByText('Recovery key was added', { exact: true }).waitFor();
    assert.equal(asked(), 3);
    assert.ok(!(await page.content()).includes(digits), 'it stays nowhere');
  },
  { approval: 'code', statuses: [403] },
);

demo(
  'a third wrong check code refuses',
  async ({ app1, app2, open }) => {
    const first = await open(app1);
    const page = await open(`${app2}/enroll`);
    await addRecoveryKey(page, await mint(first));
    const digits = await page.locator('#check-code').textContent();
    for (const left of ['two tries', 'one try']) {
      await enterDigits(first, other(digits));
      await first.locator('#digits-problem').getByText(`You have ${left} left.`).waitFor();
    }
    await enterDigits(first, other(digits));
    await outcome(first, 'Nothing was added');
    await heading(page, 'The other app refused it');
    await page.getByText('throw it away').waitFor();
  },
  { approval: 'code', statuses: [403] },
);

demo(
  'an answer that does not come in time is no',
  async ({ app1, app2, open }) => {
    const first = await open(app1);
    const page = await open(`${app2}/enroll`);
    await addRecoveryKey(page, await mint(first));
    await outcome(first, 'Nothing was added');
    await first.locator('#outcome').getByText('Nobody approved it in time.').waitFor();
    await heading(page, 'Nobody approved it in time');
    await look(page, 'app2-lapsed');
  },
  { approval: 'asked', flags: ['--approval-lifetime', '3'] },
);

demo(
  'whoever closes the panel ends the code, at each stage',
  async ({ app1, app2, open }) => {
    const first = await open(app1);
    const closed = async () => {
      await first.getByRole('button', { name: 'Close' }).click();
      await first.getByRole('button', { name: 'Add a device' }).waitFor();
      assert.equal(await first.evaluate(() => document.activeElement.id), 'add');
    };
    const page = await open(`${app2}/enroll`);
    const unentered = await mint(first);
    await closed();
    await enter(page, unentered, 'Recovery key');
    await page.getByText('This code doesn’t work').waitFor();

    await enter(page, await mint(first), 'Recovery key');
    await outcome(first, 'Continue on the other device');
    await closed();
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, 'This took too long');
    await page.getByRole('button', { name: 'Enter a new code' }).click();

    await addRecoveryKey(page, await mint(first));
    await outcome(first, 'Add this recovery key?');
    await closed();
    await heading(page, 'The other app ended it');
    assert.equal(await first.getByText('Recovery key for').count(), 0);
  },
  { approval: 'asked', statuses: [403] },
);

demo('what ended meanwhile is told to whoever closes the panel', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  // The page has yet to learn what came of it.
  await first.route(/after=opened/, () => {});
  await enter(page, await mint(first), 'Recovery key');
  await outcome(first, 'Continue on the other device');
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await heading(page, 'Recovery key added');
  await first.getByRole('button', { name: 'Close' }).click();
  await first.getByText('Recovery key was added', { exact: true }).waitFor();
  await first.getByRole('button', { name: 'Close' }).click();
  await first.getByRole('button', { name: 'Add a device' }).waitFor();
}, { statuses: [409] });

demo(
  'a code that cannot be ended stays on show',
  async ({ app1, open }) => {
    const page = await open(app1);
    const code = await mint(page);
    const revoking = (route) => (route.request().method() === 'DELETE' ? route.abort() : route.fallback());
    await page.route('**/enrolments/*', revoking);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText('The server can’t be reached').waitFor();
    assert.equal(await page.locator('#code').textContent(), code);
    await page.unroute('**/enrolments/*', revoking);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Add a device' }).waitFor();
    assert.ok(await page.getByText('The server can’t be reached').isHidden());
  },
  { statuses: [0] },
);

demo('two codes at once are told apart', async ({ app1, app2, open }) => {
  const [first, second] = [await open(app1), await open(app1)];
  const [page, other] = [await open(`${app2}/enroll`), await open(`${app2}/enroll`)];
  await addRecoveryKey(page, await mint(first));
  await addRecoveryKey(other, await mint(second));
  await outcome(first, 'Add this recovery key?');
  await outcome(second, 'Add this recovery key?');
  await notMe(second).click();
  await heading(other, 'The other app refused it');
  await outcome(second, 'Nothing was added');
  assert.ok(await page.getByText(waiting).isVisible());
  await approve(first);
  await heading(page, 'Recovery key added');
  await first.getByText('Recovery key was added', { exact: true }).waitFor();
  assert.ok(await second.locator('#outcome').getByText('Nothing was added').isVisible());
}, { approval: 'asked' });

demo('a reload of app 1 forgets the code, and not who waits', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await addRecoveryKey(page, await mint(first));
  await outcome(first, 'Add this recovery key?');
  await first.reload();
  await approve(first);
  await heading(page, 'Recovery key added');
  await first.getByText('Recovery key was added', { exact: true }).waitFor();
}, { approval: 'asked' });

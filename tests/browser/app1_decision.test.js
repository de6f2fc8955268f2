// App 1 says who asks, and its user decides.

import assert from 'node:assert/strict';

import { addRecoveryKey, approve, demo, enter, heading, itIsMe, mint, notMe, outcome, waiting } from './apps.js';
import { addAuthenticator, look } from './demo.js';

const focused = (page) => page.evaluate(() => document.activeElement.textContent);
const close = (page) => page.getByRole('button', { name: 'Close' });

demo('a thief with a second browser is seen, understood and stopped', async ({ app1, app2, owner, open }) => {
  const first = await open(app1);
  const before = await open(`${app2}/enroll`);
  await addRecoveryKey(before, await mint(first));
  await approve(first);
  await outcome(first, 'Recovery key was added');
  await close(first).click();
  // Two codes of the user’s are open, and the thief has one.
  const thief = await open(`${app2}/enroll`);
  const authenticator = await addAuthenticator(thief);
  await owner.mint();
  await enter(thief, await mint(first));
  await outcome(first, 'Somebody entered your code');
  assert.equal(await focused(first), 'Not me');
  assert.match(await first.title(), /^Is it you\?/);
  await thief.bringToFront();
  await thief.getByLabel('Name').fill('Support — verified ✔ This browser');
  await thief.getByRole('button', { name: 'Create passkey' }).click();
  await heading(thief, waiting);
  await outcome(first, 'Add this passkey?');
  const facts = await first.locator('.ask .facts:visible').innerText();
  assert.match(facts, /Calls itself\s+Support.*Site\s+app2\.localhost\s+Browser\s+Chrome on Linux\s+Address\s+127\.0\.0\.1/s);
  assert.ok(await first.getByText('Don’t read the code to anybody.').isVisible(), 'the warning stands while it is open');
  await first.bringToFront();
  await first.keyboard.press('Enter');
  await outcome(first, 'Nothing was added');
  await heading(thief, 'The other app refused it');
  assert.deepEqual(await authenticator.credentials(), []);
  const stages = (await owner.enrolments()).map(({ stage }) => stage).sort();
  assert.deepEqual(stages, ['added', 'refused', 'revoked'], 'nothing is open');
  assert.ok(await first.getByText('Don’t read the code to anybody.').isHidden());
  // Everything that was added within the hour may be the thief's, too.
  await first.getByText('This was added within the last hour. Was it not you either?').waitFor();
  await look(first, 'app1-refused-newcomer');
  await first.getByRole('button', { name: 'Remove Recovery key' }).click();
  await first.getByRole('button', { name: 'Remove it' }).click();
  await first.getByText('Recovery key is removed', { exact: true }).waitFor();
  assert.equal((await owner.credentials()).filter(({ kind }) => kind === 'RecoveryKey').length, 0);
}, { approval: 'asked' });

demo('yes and no are of equal weight, and no is at hand', async ({ app1, app2, open, requests }) => {
  const first = await open(app1);
  await first.setViewportSize({ width: 360, height: 740 });
  const page = await open(`${app2}/enroll`);
  const authenticator = await addAuthenticator(page);
  await enter(page, await mint(first));
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, waiting);
  await outcome(first, 'Add this passkey?');
  const [yes, no] = await Promise.all([itIsMe(first), notMe(first)].map((button) => button.boundingBox()));
  assert.deepEqual([yes.width, yes.height, yes.y], [no.width, no.height, no.y]);
  assert.equal(await itIsMe(first).getAttribute('class'), await notMe(first).getAttribute('class'));
  assert.equal(await focused(first), 'Not me');
  const title = await first.getByRole('heading', { name: 'Add this passkey?' }).boundingBox();
  const places = [title.y, no.y + no.height];
  assert.ok(places[0] >= 0 && places[1] <= 740, `question and answers are on one small screen: ${places}`);
  await first.keyboard.press('Enter');
  await outcome(first, 'Nothing was added');
  await look(first, 'app1-refused');
  await heading(page, 'The other app refused it');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'refused-title');
  await look(page, 'app2-refused-by-owner');
  assert.deepEqual(await authenticator.credentials(), [], 'no passkey stays behind that opens nothing');
  const signed = requests().filter(({ headers }) => headers['x-dfns-useraction']);
  assert.equal(signed.length, 1, 'a no needs no signature');
  await first.getByRole('button', { name: 'Make a new code' }).click();
  await first.getByText('Waiting for the code').waitFor();
}, { approval: 'asked' });

demo('each stage is told in words, to the ear as well', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const lines = async (id) => (await first.locator(id).getByRole('listitem').allTextContents()).join(' | ');
  const page = await open(`${app2}/enroll`);
  const code = await mint(first);
  assert.equal(await lines('#stages'), '●Now: Waiting for the code | ○Later: It is used in app 2 | ○Later: Then it is added');
  await enter(page, code, 'Recovery key');
  await outcome(first, 'Somebody entered your code');
  const making = 'Somebody makes a recovery key at app2.localhost';
  assert.equal(await lines('.ask'), `✓Done: Code entered | ●Now: ${making} | ○Later: Then it is added`);
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await outcome(first, 'Add this recovery key?');
  assert.equal(await lines('.ask'), '✓Done: Code entered | ✓Done: The recovery key is made | ●Now: Your answer');
  await approve(first);
  await outcome(first, 'Recovery key was added');
  assert.equal(await lines('.ask'), '✓Done: Code entered | ✓Done: The recovery key is made | ✓Done: Added');
  assert.equal(await first.locator('#announcer').textContent(), 'Recovery key was added. This recovery key signs you in at app2.localhost.');
}, { approval: 'asked' });

demo(
  'somebody who did not enter the code says so before anything is made',
  async ({ app1, app2, open }) => {
    const first = await open(app1);
    const page = await open(`${app2}/enroll`);
    await enter(page, await mint(first), 'Recovery key');
    await outcome(first, 'Somebody entered your code');
    assert.ok(await itIsMe(first).isHidden(), 'there is nothing to say yes to');
    await look(first, 'app1-opened');
    await notMe(first).click();
    await outcome(first, 'Nothing was added');
    await look(first, 'app1-revoked');
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, 'This took too long');
  },
  { approval: 'asked', statuses: [403] },
);

const enterDigits = async (page, digits) => {
  await page.getByLabel('Number that app 2 shows').fill(digits);
  await itIsMe(page).click();
};

/** Returns six digits that differ from these. */
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
    await look(page, 'app2-waiting-code');
    await outcome(first, 'Add this recovery key?');
    await first.getByText('You have three tries left.', { exact: true }).waitFor();
    await look(first, 'app1-pending-code');
    await enterDigits(first, '12 34');
    await first.getByText('The number has six digits.').waitFor();
    const asked = () => requests().filter(({ url }) => url.endsWith('/approve')).length;
    assert.equal(asked(), 0, 'and nothing was asked');
    await enterDigits(first, other(digits));
    await first.getByText('That isn’t the number. You have two tries left.').first().waitFor();
    assert.equal(await first.evaluate(() => document.activeElement.getAttribute('inputmode')), 'numeric');
    await look(first, 'app1-wrong-code');
    await enterDigits(first, other(digits));
    await first.getByText('That isn’t the number. You have one try left.').first().waitFor();
    await enterDigits(first, digits);
    await heading(page, 'Recovery key added');
    await outcome(first, 'Recovery key was added');
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
      await first.getByText(`You have ${left} left.`).first().waitFor();
    }
    await enterDigits(first, other(digits));
    await outcome(first, 'Nothing was added');
    await heading(page, 'The other app refused it');
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
    await first.getByText('Nobody said yes in time.').first().waitFor();
    await heading(page, 'Nobody approved it in time');
    await look(page, 'app2-lapsed');
  },
  { approval: 'asked', flags: ['--approval-lifetime', '3'] },
);

demo(
  'somebody who closes ends the code at each stage, and is told so',
  async ({ app1, app2, open }) => {
    const first = await open(app1);
    const closed = async (press) => {
      await press();
      await first.getByText('The code is ended', { exact: true }).waitFor();
      assert.equal(await first.evaluate(() => document.activeElement.id), 'add');
    };
    const page = await open(`${app2}/enroll`);
    const unentered = await mint(first);
    await closed(() => first.keyboard.press('Escape'));
    await look(first, 'app1-closed');
    await enter(page, unentered, 'Recovery key');
    await page.getByText('This code doesn’t work').waitFor();

    await enter(page, await mint(first), 'Recovery key');
    await outcome(first, 'Somebody entered your code');
    await closed(() => close(first).click());
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, 'This took too long');
    await page.getByRole('button', { name: 'Enter a new code' }).click();

    await addRecoveryKey(page, await mint(first));
    await outcome(first, 'Add this recovery key?');
    await closed(() => first.keyboard.press('Escape'));
    await heading(page, 'The other app ended it');
    assert.equal(await first.getByText('Recovery key for').count(), 0);
  },
  { approval: 'asked', statuses: [403] },
);

demo('what ended meanwhile is told to somebody who closes', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await enter(page, await mint(first), 'Recovery key');
  await outcome(first, 'Somebody entered your code');
  // The page does not know the outcome yet.
  await first.route(/\/auth\/credentials\/enrolments$/, () => {});
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await heading(page, 'Recovery key added');
  await close(first).click();
  await outcome(first, 'Recovery key was added');
  await first.unrouteAll();
  await close(first).click();
  await first.getByRole('button', { name: 'Add a way to sign in' }).waitFor();
}, { statuses: [409] });

demo(
  'a code that cannot be ended stays on show',
  async ({ app1, open }) => {
    const page = await open(app1);
    const code = await mint(page);
    const revoking = (route) => (route.request().method() === 'DELETE' ? route.abort() : route.fallback());
    await page.route('**/enrolments/*', revoking);
    await close(page).click();
    await page.getByText('The server can’t be reached').waitFor();
    assert.equal(await page.locator('#code').textContent(), code);
    await page.unroute('**/enrolments/*', revoking);
    await close(page).click();
    await page.getByRole('button', { name: 'Add a way to sign in' }).waitFor();
    assert.ok(await page.getByText('The server can’t be reached').isHidden());
  },
  { statuses: [0] },
);

demo('two codes at once are told apart', async ({ app1, app2, owner, open }) => {
  const first = await open(app1);
  const [page, other] = [await open(`${app2}/enroll`), await open(`${app2}/enroll`)];
  await addRecoveryKey(page, await mint(first));
  await outcome(first, 'Add this recovery key?');
  const { code } = await owner.mint();
  await enter(other, code, 'Password-protected key');
  const card = first.locator('.ask', { has: first.getByText('Somebody entered your code') });
  await card.waitFor();
  await look(first, 'app1-two');
  await itIsMe(first).click();
  await heading(page, 'Recovery key added');
  await outcome(first, 'Recovery key was added');
  await notMe(card).click();
  await outcome(first, 'Nothing was added');
  await first.getByText('Recovery key was added', { exact: true }).waitFor();
}, { approval: 'asked' });

demo('a reload of app 1 forgets the code, and nothing that is open', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  const code = await mint(first);
  await first.reload();
  await outcome(first, 'A code is still open');
  assert.ok(await first.getByText('Don’t read the code to anybody.').isVisible());
  await addRecoveryKey(page, code);
  await outcome(first, 'Add this recovery key?');
  await first.reload();
  await approve(first);
  await heading(page, 'Recovery key added');
  await outcome(first, 'Recovery key was added');
}, { approval: 'asked' });

// App 1 shows a code, and says what becomes of it.

import assert from 'node:assert/strict';

import { demo, enter, heading, mint, outcome } from './apps.js';
import { addAuthenticator, look, scan } from './demo.js';

demo('the QR code leads to app 2 with the code in the fragment', async ({ app1, app2, open, requests }) => {
  const first = await open(app1);
  const code = await mint(first);
  const link = await scan(first, '#qr');
  assert.equal(link, `${app2}/enroll#${code}`);
  assert.equal(await first.getByRole('link', { name: `Open ${new URL(app2).host} in this browser` }).getAttribute('href'), link);
  await first.getByLabel('The other device is at').selectOption(app1);
  assert.equal(await scan(first, '#qr'), `${app1}/enroll#${code}`);

  const second = await open(link);
  await addAuthenticator(second);
  assert.equal(second.url(), `${app2}/enroll`, 'the code is gone from the address');
  assert.equal(await second.getByLabel('One-time code').inputValue(), code);
  await look(second, 'app2-scanned');
  await second.getByRole('button', { name: 'Continue' }).click();
  await second.getByRole('button', { name: 'Create passkey' }).click();
  await heading(second, 'Passkey added');
  const symbols = code.replaceAll('-', '');
  const sent = requests().filter(({ url }) => url.startsWith(app2) && !url.includes('#'));
  assert.ok(
    sent.every(({ url, headers }) => !JSON.stringify([url, headers]).replaceAll('-', '').includes(symbols)),
  );
});

/** Whether these things stand below each other, for the eye and in the order in which they are read out. */
const areInOrder = (page, ...ids) =>
  page.evaluate((ids) => {
    const places = ids.map((id) => document.getElementById(id));
    return places.slice(1).every((next, at) => {
      const isRead = places[at].compareDocumentPosition(next) & Node.DOCUMENT_POSITION_FOLLOWING;
      return isRead && places[at].getBoundingClientRect().top < next.getBoundingClientRect().top;
    });
  }, ids);

demo('where no phone gets to, the way through this browser comes first', async ({ app1, app2, open }) => {
  const page = await open(app1);
  await page.setViewportSize({ width: 360, height: 740 });
  await mint(page);
  assert.ok(await areInOrder(page, 'code', 'open', 'qr', 'stages', 'caution'));
  assert.equal(await page.locator('#open').getAttribute('class'), 'primary');
  assert.ok(await page.getByText('works on this machine only').isVisible());
  const { y, height } = await page.locator('#open').boundingBox();
  assert.ok(y + height <= 740, 'without scrolling');
  const opened = page.waitForEvent('popup');
  await page.getByRole('link', { name: `Open ${new URL(app2).host} in this browser` }).click();
  await (await opened).getByText('Your code is filled in. Choose').waitFor();
});

demo(
  'where a phone gets to, the QR code comes first',
  async ({ app1, open }) => {
    const page = await open(app1);
    await mint(page);
    await page.setViewportSize({ width: 360, height: 740 });
    assert.ok(await areInOrder(page, 'code', 'qr', 'open', 'stages', 'caution'));
    assert.equal(await page.locator('#open').getAttribute('class'), 'secondary');
    assert.ok(await page.getByText('works on this machine only').isHidden());
    await look(page, 'app1-code-anywhere');
  },
  { flags: ['--origin', 'https://app.example.com'] },
);

demo('an expired code is replaced with one button', async ({ app1, context, open }) => {
  await context.clock.install();
  const page = await open(app1);
  const code = await mint(page);
  await page.evaluate(() => {
    globalThis.said = 0;
    const count = () => (globalThis.said += 1);
    new MutationObserver(count).observe(document.getElementById('announcer'), { childList: true });
  });
  await page.clock.runFor(30_000);
  await page.getByText(/^(29|30) s left$/).waitFor();
  assert.equal(await page.evaluate(() => globalThis.said), 0, 'a screen reader does not hear each second');
  await page.getByRole('button', { name: 'Close' }).click();
  // The page's clock is slow by now, so that the server ends the code in three seconds.
  await page.clock.setSystemTime(Date.now() - 57_000);
  await page.getByRole('button', { name: 'Add a device' }).click();
  await page.getByText('This code has expired', { exact: true }).waitFor();
  await look(page, 'app1-expired');
  assert.ok(!(await page.locator('#code').isVisible()));
  await page.clock.setSystemTime(Date.now());
  await page.getByRole('button', { name: 'Make a new code' }).click();
  await page.getByText('Waiting for the code').waitFor();
  assert.notEqual(await page.locator('#code').textContent(), code);
});

demo('a code that is entered says nothing about another', async ({ app1, app2, open }) => {
  const [first, second] = [await open(app1), await open(app1)];
  const codes = [await mint(first), await mint(second)];
  const page = await open(`${app2}/enroll`);
  await enter(page, `${app2}/enroll#${codes[0]}`, 'Recovery key');
  await heading(page, 'Save your recovery code');
  await first.getByText('Continue on the other device', { exact: true }).waitFor();
  assert.ok(await second.getByText('Waiting for the code').isVisible());
  assert.equal(await second.locator('#code').textContent(), codes[1]);

  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await first.getByText('Recovery key was added', { exact: true }).waitFor();
  assert.equal(await second.locator('#code').textContent(), codes[1]);
  await page.getByRole('button', { name: 'Add another' }).click();
  await enter(page, codes[1], 'Recovery key');
  await heading(page, 'Save your recovery code');
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await second.getByText('Recovery key was added', { exact: true }).waitFor();
  await second.getByRole('listitem').filter({ hasText: 'Recovery key for' }).nth(1).waitFor();
  assert.equal(await second.getByText('New', { exact: true }).count(), 1, 'only the newest one is new');
});

demo('a code that was entered and left alone is given up', async ({ app1, app2, open, requests }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  // Five minutes are too long for a test, so the answer comes before its time.
  let later;
  const isOver = new Promise((resolve) => (later = resolve));
  await first.route(/\/enrolments\/.*after=opened/, async (route) => {
    await isOver;
    const url = route.request().url().split('?')[0];
    const now = await route.fetch({ url });
    await route.fulfill({ json: { ...(await now.json()), stage: 'expired' } });
  });
  await enter(page, await mint(first), 'Recovery key');
  await first.getByText('Continue on the other device', { exact: true }).waitFor();
  later();
  await outcome(first, 'Nothing was added in time');
  await look(first, 'app1-abandoned');
  const asked = requests().filter(({ url }) => /after=(expired|opened)/.test(url)).length;
  assert.equal(asked, 1, 'nothing more is asked about it');
  await first.getByRole('button', { name: 'Make a new code' }).click();
  await first.getByText('Waiting for the code').waitFor();
});

demo(
  'silence says nothing about a code',
  async ({ app1, app2, context, open }) => {
    await context.clock.install();
    const first = await open(app1);
    let isReachable = false;
    await first.route('**/enrolments/*', (route) => (isReachable ? route.continue() : route.abort()));
    const page = await open(`${app2}/enroll`);
    await enter(page, await mint(first), 'Recovery key');
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, 'Recovery key added');
    await first.clock.runFor(55_000);
    assert.ok(await first.getByText('Waiting for the code').isVisible(), 'it may still be entered');
    await first.clock.runFor(30_000);
    await first.getByText('We can’t reach the server', { exact: true }).waitFor();
    await first.getByRole('listitem').filter({ hasText: 'Recovery key for' }).waitFor();
    assert.equal(await first.getByText('expired').count(), 0);
    await look(first, 'app1-unreachable');
    isReachable = true;
    await first.clock.runFor(16_000);
    await first.getByText('Recovery key was added', { exact: true }).waitFor();
  },
  { statuses: [0] },
);

demo(
  'a code that the server forgot is looked for in the list',
  async ({ app1, open, requests }) => {
    const page = await open(app1);
    await page.route('**/enrolments/*', (route) =>
      route.fulfill({ status: 404, json: { error: { code: 'not_found' } } }),
    );
    await page.getByRole('button', { name: 'Add a device' }).click();
    await page.getByText('We don’t know what became of the code', { exact: true }).waitFor();
    const asked = () => requests().filter(({ url }) => url.includes('/enrolments/')).length;
    assert.equal(asked(), 1, 'and nobody asks again');
  },
  { statuses: [404] },
);

demo(
  'an origin may end in a slash, as browsers copy it',
  async ({ app1, open }) => {
    const page = await open(app1);
    const code = await mint(page);
    assert.equal(await scan(page, '#qr'), `https://abc.example/enroll#${code}`);
  },
  { flags: ['--origin', 'https://abc.example/'] },
);

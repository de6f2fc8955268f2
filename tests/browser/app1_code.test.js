// App 1 shows a code and its progress: what the server says, and nothing else.

import assert from 'node:assert/strict';

import { addRecoveryKey, demo, enter, heading, mint, outcome, pretend } from './apps.js';
import { addAuthenticator, look, scan } from './demo.js';

demo('the QR code leads to app 2 with the code in the fragment', async ({ app1, app2, open, requests }) => {
  const first = await open(app1);
  const code = await mint(first);
  const link = await scan(first, '#qr');
  assert.equal(link, `${app2}/enroll#${code}`);
  const here = first.getByRole('link', { name: `Open ${new URL(app2).host} in this browser` });
  assert.equal(await here.getAttribute('href'), link);
  await first.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' });
  assert.equal(await scan(first, '#qr'), link, 'in forced colours, too');
  await first.emulateMedia({ forcedColors: 'none', colorScheme: 'light' });
  await first.getByLabel('App 2 is at').selectOption(app1);
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

/**
 * Checks that these things stand below each other, for the eye and in the order in which they are
 * read out.
 */
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
  assert.ok(await areInOrder(page, 'caution', 'code', 'open', 'qr', 'stages'));
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
    assert.ok(await areInOrder(page, 'caution', 'code', 'qr', 'open', 'stages'));
    assert.equal(await page.locator('#open').getAttribute('class'), 'secondary');
    assert.ok(await page.getByText('works on this machine only').isHidden());
    await look(page, 'app1-code-anywhere');
  },
  { flags: ['--origin', 'https://app.example.com'] },
);

demo('the time runs down by no clock that somebody sets', async ({ app1, context, open }) => {
  await context.clock.install();
  const page = await open(app1);
  await mint(page);
  await page.evaluate(() => {
    globalThis.said = 0;
    const count = () => (globalThis.said += 1);
    new MutationObserver(count).observe(document.getElementById('announcer'), { childList: true });
  });
  await page.clock.setSystemTime(Date.now() + 3_600_000);
  await page.clock.runFor(30_000);
  await page.getByText(/^(29|30) s left$/).waitFor();
  assert.equal(await page.evaluate(() => globalThis.said), 0, 'a screen reader does not hear each second');
});

demo('an expired code is replaced with one button', async ({ app1, open }) => {
  const page = await open(app1);
  const code = await mint(page);
  await pretend(page, (items) => [...items.slice(0, -1), { ...items.at(-1), stage: 'expired' }]);
  await outcome(page, 'This code has expired');
  await look(page, 'app1-expired');
  assert.ok(!(await page.content()).includes(code), 'it stays nowhere');
  await page.getByRole('button', { name: 'Make a new code' }).click();
  await page.getByText('Waiting for the code').waitFor();
  assert.notEqual(await page.locator('#code').textContent(), code);
});

demo('what expires says so when the server does', async ({ app1, owner, open }) => {
  const page = await open(app1);
  await page.getByText('This browser', { exact: true }).waitFor();
  await owner.mint({ lifetime: 3_000 });
  await outcome(page, 'A code is still open');
  assert.ok(await page.getByRole('button', { name: 'Add a way to sign in' }).isVisible());
  await look(page, 'app1-code-elsewhere');
  await outcome(page, 'This code has expired');
});

demo('a code that was entered and left alone is given up', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await enter(page, await mint(first), 'Recovery key');
  await outcome(first, 'Somebody entered your code');
  // Five minutes are too long for a test, so the answer comes early.
  await pretend(first, (items) => items.map((item) => ({ ...item, stage: 'expired' })));
  await outcome(first, 'Nothing was added in time');
  await look(first, 'app1-abandoned');
});

demo('a code is followed in each window, and its code is shown in one', async ({ app1, app2, open }) => {
  const [first, second] = [await open(app1), await open(app1)];
  const code = await mint(first);
  await outcome(second, 'A code is still open');
  assert.ok(!(await second.content()).includes(code));
  const page = await open(`${app2}/enroll`);
  await enter(page, code, 'Recovery key');
  for (const window of [first, second]) await outcome(window, 'Somebody entered your code');
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await heading(page, 'Recovery key added');
  for (const window of [first, second]) await outcome(window, 'Recovery key was added');
});

demo('somebody who starts over in app 2 is followed by both codes', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await enter(page, await mint(first), 'Recovery key');
  await outcome(first, 'Somebody entered your code');
  await page.getByRole('button', { name: 'Start over' }).first().click();
  await first.getByRole('button', { name: 'Close' }).click();
  await first.getByText('The code is ended', { exact: true }).waitFor();
  await addRecoveryKey(page, await mint(first));
  await outcome(first, 'Recovery key was added');
  assert.equal(await first.locator('.ask').count(), 1);
});

demo('a server that is away is told of within three seconds, and the list is marked', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  const code = await mint(first);
  let isAway = true;
  // The server takes each request, and does not answer.
  const silent = (route) => (isAway ? undefined : route.continue());
  await first.route(/\/(enrolments|credentials|news)$/, silent);
  const since = performance.now();
  await first.getByText('We can’t reach the server', { exact: true }).waitFor();
  assert.ok(performance.now() - since < 3_000, `${performance.now() - since} ms`);
  await first.getByText(/^As of .* It may be different by now\.$/).waitFor();
  await look(first, 'app1-away');
  await addRecoveryKey(page, code);
  await heading(page, 'Recovery key added');
  assert.ok(await first.getByText('Waiting for the code').isVisible(), 'it says what the server said last');
  assert.equal(await first.getByText('Recovery key').count(), 0);
  isAway = false;
  await outcome(first, 'Recovery key was added');
  await first.getByText('We can’t reach the server', { exact: true }).waitFor({ state: 'hidden' });
  assert.ok(await first.getByText(/^As of/).isHidden());
});

demo(
  'a server that is gone is told of at once',
  async ({ app1, open }) => {
    const page = await open(app1);
    await page.getByText('This browser', { exact: true }).waitFor();
    let failed;
    const since = performance.now();
    await page.route(/\/(enrolments|credentials|news)$/, (route) => {
      failed ??= performance.now();
      return route.abort();
    });
    await page.getByText('We can’t reach the server', { exact: true }).waitFor();
    const said = performance.now();
    // The page asks once a second, so the first failure may be that late.
    assert.ok(said - failed < 1_500, `${said - failed} ms after the first failure`);
    assert.ok(said - since < 3_000, `${said - since} ms`);
  },
  { statuses: [0] },
);

demo('nobody knows what became of a code that the server forgot', async ({ app1, open }) => {
  const page = await open(app1);
  await mint(page);
  await pretend(page, () => []);
  await outcome(page, 'We don’t know what became of the code');
  await look(page, 'app1-forgotten');
});

demo(
  'somebody who asks for too many codes sees how long to wait',
  async ({ app1, open }) => {
    const page = await open(app1);
    await page.route('**/auth/action/init', (route) =>
      route.fulfill({
        status: 429,
        headers: { 'retry-after': '2' },
        json: { error: { code: 'too_many_attempts', status: 429, message: 'Too many.' } },
      }),
    );
    await page.getByRole('button', { name: 'Add a way to sign in' }).click();
    await page.getByText('Too many attempts').waitFor();
    await page.getByRole('button', { name: /^Try again in [12] s$/ }).waitFor();
    await look(page, 'app1-too-many');
    await page.unrouteAll();
    await mint(page);
  },
  { statuses: [429] },
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

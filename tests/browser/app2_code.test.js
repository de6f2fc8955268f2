// App 2 takes a code, in any form.

import assert from 'node:assert/strict';

import { demo, enter, heading } from './apps.js';
import { look } from './demo.js';

demo(
  'a code that is wrong, used or too old is refused in words',
  async ({ app2, owner, open, requests }) => {
    const page = await open(`${app2}/enroll`);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Enter the code that your other device shows.').waitFor();
    await enter(page, 'A7U-KY');
    await page.getByText('That isn’t a whole code').waitFor();
    await look(page, 'app2-mistyped');
    const focused = await page.evaluate(() => document.activeElement.id);
    assert.equal(focused, 'typed', 'the focus is on what is to be mended');
    assert.equal(
      requests().filter(({ url }) => url.includes('/code/init')).length,
      0,
      'and nothing was asked',
    );

    const { code: expired } = await owner.mint({ lifetime: -1_000 });
    const { code: used } = await owner.mint();
    const other = await open(`${app2}/enroll`);
    await enter(other, used, 'Recovery key');
    await heading(other, 'Save your recovery code');
    for (const code of ['ABC-DEF-GHJ', expired, used]) {
      await enter(page, code);
      await page.getByText('This code doesn’t work').waitFor();
      await page.getByLabel('One-time code').fill('');
    }
    await look(page, 'app2-refused');
  },
  { statuses: [403] },
);

demo(
  'a guesser is told to wait, and when it is over',
  async ({ app2, context, open, requests }) => {
    await context.clock.install();
    const page = await open(`${app2}/enroll`);
    await page.route('**/code/init', (route) =>
      route.fulfill({
        status: 429,
        headers: { 'retry-after': '120' },
        json: { error: { code: 'too_many_attempts', status: 429, message: 'Too many attempts.' } },
      }),
    );
    const asked = () => requests().filter(({ url }) => url.endsWith('/code/init')).length;
    await enter(page, 'ABC-DEF-GHJ');
    await page.getByText('wait 2 minutes').waitFor();
    const button = page.locator('#continue');
    await button.getByText(/^Try again in 1\d\d s$/).waitFor();
    await look(page, 'app2-wait');
    // Setting a clock does not make it shorter.
    await page.clock.setSystemTime(Date.now() + 3_600_000);
    await page.clock.runFor(30_000);
    await button.getByText(/^Try again in \d+ s$/).waitFor();
    await page.getByLabel('One-time code').press('Enter');
    assert.equal(asked(), 1, 'and nothing more is asked meanwhile');
    await page.clock.runFor(120_000);
    await button.getByText('Continue', { exact: true }).waitFor();
    assert.equal(await page.locator('#announcer').textContent(), 'You can try again now.');
    await button.click();
    await button.getByText(/^Try again in/).waitFor();
    assert.equal(asked(), 2);
  },
  { statuses: [429] },
);

demo(
  'a server that can’t be reached is asked again',
  async ({ app2, owner, open }) => {
    const code = (await owner.mint()).code;
    const page = await open(`${app2}/enroll`);
    await page.route('**/code/init', (route) => route.abort(), { times: 1 });
    await enter(page, code, 'Recovery key');
    await page.getByText('The server can’t be reached').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await heading(page, 'Save your recovery code');
  },
  { statuses: [0] },
);

demo(
  'what nobody foresaw leaves a trace for developers',
  async ({ app2, open }) => {
    const page = await open(`${app2}/enroll`);
    await page.route('**/code/init', (route) => route.fulfill({ status: 502, body: '<p>Bad gateway' }));
    await enter(page, 'ABC-DEF-GHJ');
    await page.getByText('Something went wrong').waitFor();
  },
  { statuses: [502], awaits: [/\/auth\/credentials\/code\/init answered 502 without JSON/] },
);

demo('a person who changes their mind starts over', async ({ app2, owner, open }) => {
  const code = (await owner.mint()).code;
  const page = await open(`${app2}/enroll`);
  await enter(page, code, 'Password-protected key');
  await page.getByLabel('Password', { exact: true }).fill('a password that is typed');
  await page.locator('#password').getByRole('button', { name: 'Start over' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'typed');
  assert.equal(await page.locator('#new-password').inputValue(), '', 'nothing secret stays on the page');
  await page.evaluate(() => (location.hash = 'ABC-DEF-GHJ'));
  await page.getByText('Your code is filled in.', { exact: true }).waitFor();
  assert.equal(
    await page.getByLabel('One-time code').inputValue(),
    'ABC-DEF-GHJ',
    'a new link starts over, too',
  );
  assert.equal(page.url(), `${app2}/enroll`);
  await page.evaluate(() => (location.hash = 'nothing'));
  await page.getByText('That link has no code in it').waitFor();
});

demo('a new link ends what another code began', async ({ app2, owner, open }) => {
  const code = (await owner.mint()).code;
  const page = await open(`${app2}/enroll`);
  let answer;
  const asked = new Promise((resolve) => {
    page.route('**/code/init', (route) => {
      answer = () => route.continue();
      resolve();
    });
  });
  await enter(page, code, 'Recovery key');
  await asked;
  await page.evaluate(() => (location.hash = 'ABC-DEF-GHJ'));
  await page.getByText('Your code is filled in.', { exact: true }).waitFor();
  assert.equal(await page.locator('#continue').getAttribute('aria-disabled'), null);
  const answered = page.waitForResponse('**/code/init');
  await answer();
  await answered;
  assert.equal(await page.getByLabel('One-time code').inputValue(), 'ABC-DEF-GHJ');
  assert.ok(await page.locator('#enter').isVisible());
});

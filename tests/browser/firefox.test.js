// The pages in the distribution's Firefox, as far as they go without a virtual authenticator: keys,
// recovery, refusals, layout. FIREFOX is its path. Without one these tests are skipped, unless CI
// is set.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import axe from 'axe-core';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import puppeteer from 'puppeteer-core';

import { picture, startServer } from './demo.js';

const executablePath = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const isMissing = !fs.existsSync(executablePath);
const skip = isMissing && !process.env.CI && 'Firefox is missing';

/** The ways in which each of the two sees the pages. */
const PROFILES = {
  light: {},
  // The setting of a person with a high contrast theme.
  forced: { 'browser.display.document_color_use': 2, 'layout.css.prefers-color-scheme.content-override': 0 },
};

let firefox;
before(async () => {
  if (skip) return;
  const launched = Object.entries(PROFILES).map(async ([name, extraPrefsFirefox]) => {
    const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true, extraPrefsFirefox });
    return [name, browser];
  });
  firefox = Object.fromEntries(await Promise.all(launched));
});
after(() => Promise.all(Object.values(firefox ?? {}).map((browser) => browser.close())));

/** Runs a test with a server and a profile of its own, and checks that no page complained. */
function demo(name, run, { approval = 'asked', profile = 'light', statuses = [] } = {}) {
  test(`Firefox: ${name}`, { skip }, async () => {
    const server = await startServer('--approval', approval);
    const context = await firefox[profile].createBrowserContext();
    const [pages, complaints] = [[], []];
    const open = async (url) => {
      const page = await context.newPage();
      pages.push(page);
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('response', (answer) => {
        if (answer.status() >= 400 && !statuses.includes(answer.status())) complaints.push(`${answer.status()} ${answer.url()}`);
      });
      await page.goto(url);
      return page;
    };
    try {
      await run({ ...server, open });
      assert.deepEqual(complaints, []);
    } catch (error) {
      for (const page of pages) {
        console.error(`${page.url()} shows:\n${await page.evaluate(() => document.body.innerText).catch(() => '')}`);
      }
      throw error;
    } finally {
      await context.close();
      await server.stop();
    }
  });
}

/** Waits until a text is visible. */
const see = (page, text) =>
  page.waitForFunction((text) => document.body.innerText.includes(text), { polling: 100 }, text);

/** Presses the element with this name, as soon as that is possible. */
const press = (page, name, role = 'button') => page.locator(`::-p-aria(${name}[role="${role}"])`).click();

const fill = (page, name, text) => page.locator(`::-p-aria(${name}[role="textbox"])`).fill(text);

async function mint(page) {
  await press(page, 'Add a way to sign in');
  await see(page, 'Waiting for the code');
  return page.$eval('#code', ({ textContent }) => textContent);
}

async function enter(page, code, kind) {
  await page.locator('#typed').fill(code);
  await page.locator(`input[value="${kind}"]`).click();
  await press(page, 'Continue');
}

async function addRecoveryKey(page, code) {
  await enter(page, code, 'RecoveryKey');
  await see(page, 'Save your recovery code');
  const printed = await page.$eval('#recovery-code', ({ textContent }) => textContent);
  await page.locator('#saved').click();
  await press(page, 'Add recovery key');
  return printed;
}

/** Checks that a state fits and is accessible, and takes its pictures. */
async function look(page, name) {
  for (const width of [1280, 360]) {
    await page.setViewport({ width, height: 740 });
    await picture(page, `firefox-${name}-${width}`);
    const needed = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(needed <= width, `${name} is ${needed} pixels wide on ${width}`);
  }
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), [], name);
  await page.setViewport({ width: 1280, height: 800 });
}

test('Firefox is there, where everything is checked', { skip: !process.env.CI }, () => {
  assert.ok(!isMissing, `${executablePath} is missing, and CI is set`);
});

demo('a recovery key is added, and brings somebody back', async ({ app1, app2, open }) => {
  const first = await open(app1);
  await see(first, 'This browser');
  await look(first, 'app1-start');
  const page = await open(`${app2}/enroll`);
  await look(page, 'app2-start');
  const printed = await addRecoveryKey(page, await mint(first));
  await see(first, 'Add this recovery key?');
  await look(first, 'app1-pending');
  await press(first, 'It’s me');
  await see(first, 'Recovery key was added');
  await see(page, 'Recovery key added');
  await fill(page, 'Recovery code, as you saved it', printed.toLowerCase().replaceAll('-', ' '));
  await press(page, 'Sign in now');
  await see(page, 'You are signed in');
});

demo('a password-protected key is added, and signs in by its password', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await enter(page, await mint(first), 'PasswordProtectedKey');
  await see(page, 'Password again');
  for (const id of ['new-password', 'repeated']) await page.locator(`#${id}`).fill('correct horse battery staple');
  await press(page, 'Add password-protected key');
  const digits = () => document.querySelector('#check-code').textContent;
  await page.waitForFunction(digits, { polling: 100 });
  await see(first, 'Add this password-protected key?');
  await fill(first, 'Number that app 2 shows', await page.evaluate(digits));
  await press(first, 'It’s me');
  await see(page, 'Password-protected key added');
  await page.locator('#sign-in-password').fill('correct horse battery staple');
  await press(page, 'Sign in now');
  await see(page, 'You are signed in');
}, { approval: 'code' });

demo('what somebody refuses is not added, and what they remove is gone', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await addRecoveryKey(page, await mint(first));
  await see(first, 'Add this recovery key?');
  await first.bringToFront();
  await first.waitForFunction(() => document.activeElement.textContent === 'Not me', { polling: 100 });
  await first.keyboard.press('Enter');
  await see(first, 'Nothing was added');
  await page.bringToFront();
  await see(page, 'The other app refused it');
  await press(page, 'Enter a new code');
  await enter(page, 'ABC-DEF-GHJ', 'RecoveryKey');
  await see(page, 'This code doesn’t work');

  await first.bringToFront();
  await first.locator('.credential:last-child summary').click();
  await first.locator('.credential:last-child [data-part="remove"]').click();
  await see(first, 'Remove Command line?');
  await first.keyboard.press('Escape');
  await first.locator('.credential:last-child [data-part="remove"]').click();
  await press(first, 'Remove it');
  await see(first, 'Command line is removed');
  assert.equal(await first.$$eval('.credential', ({ length }) => length), 1);
}, { statuses: [403] });

demo('in forced colours a camera reads the code, and stages are told apart', async ({ app1, app2, open }) => {
  const first = await open(app1);
  assert.ok(await first.evaluate(() => matchMedia('(forced-colors: active)').matches));
  const code = await mint(first);
  await look(first, 'forced-code');
  const { data, width, height } = PNG.sync.read(Buffer.from(await (await first.$('#qr')).screenshot()));
  assert.equal(jsQR(new Uint8ClampedArray(data), width, height)?.data, `${app2}/enroll#${code}`);
  const marks = await first.$$eval('#stages .mark', (marks) => marks.map(({ textContent }) => textContent));
  assert.deepEqual(marks, ['●', '○', '○']);
}, { profile: 'forced' });

// Takes the README's picture of the decision in both apps anew: npm run picture
//
// Needs the example to be built, as the tests do. App 2 seems to be at an address that a phone
// reaches. Its files still come from the example.

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { addAuthenticator, launchBrowser, startServer } from './demo.js';

const APP2 = 'https://app.example.com';
const PHONE_AGENT = 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36';
const file = fileURLToPath(new URL('../../docs/onboarding.png', import.meta.url));
const [DESKTOP, PHONE] = [
  { width: 860, height: 890 },
  { width: 390, height: 740 },
];

const server = await startServer('--port', '3000', '--origin', APP2, '--approval', 'code');
const browser = await launchBrowser();
try {
  const [desktop, phone] = await takeBoth();
  const picture = await frame(desktop, phone);
  assert.ok(picture.length < 200_000, `${picture.length} bytes are too many for a README`);
  await fs.writeFile(file, picture);
} finally {
  await browser.close();
  await server.stop();
}

/** App 1 asks, and app 2 waits for the answer with a number. */
async function takeBoth() {
  const app1 = await open(DESKTOP);
  await app1.goto(server.app1);
  await app1.getByRole('button', { name: 'Add a way to sign in' }).click();
  await app1.getByText('Waiting for the code').waitFor();
  const link = await app1.locator('#open').getAttribute('href');
  const app2 = await open(PHONE, PHONE_AGENT);
  await app2.route(`${APP2}/**`, async (route) => {
    const request = route.request();
    const { pathname } = new URL(request.url());
    // The server looks at the origin that asks.
    const headers = { ...(await request.allHeaders()), origin: APP2 };
    await route.fulfill({ response: await route.fetch({ url: server.app1 + pathname, headers }) });
  });
  await addAuthenticator(app2);
  await app2.goto(link);
  await app2.getByRole('button', { name: 'Continue' }).click();
  await app2.getByRole('button', { name: 'Create passkey' }).click();
  await app2.locator('#check-code').filter({ hasText: /\d/ }).waitFor();
  await app1.getByRole('heading', { name: 'Add this passkey?' }).waitFor();
  await app1.bringToFront();
  const both = [await app1.screenshot(), await app2.screenshot()];
  // App 2 still waits for the answer.
  await app2.unrouteAll({ behavior: 'ignoreErrors' });
  return both;
}

async function open(viewport, userAgent) {
  const page = await browser.newPage({ viewport, userAgent, colorScheme: 'light', reducedMotion: 'reduce' });
  page.setDefaultTimeout(10_000);
  return page;
}

/** Both side by side. */
async function frame(desktop, phone) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 960 } });
  const image = (name, shot, { width, height }) =>
    `<img class="${name}" width="${width}" height="${height}" src="data:image/png;base64,${shot.toString('base64')}">`;
  await page.setContent(`<style>
    body { margin: 0; height: 960px; display: flex; align-items: center; justify-content: center; gap: 48px; background: #dfe4ef; }
    .desktop { border: 1px solid #c3cad8; border-radius: 14px; }
    .phone { border: 10px solid #141a26; border-radius: 28px; }
  </style>${image('desktop', desktop, DESKTOP)}${image('phone', phone, PHONE)}`);
  await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
  return page.screenshot();
}

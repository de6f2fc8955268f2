// The example server, a browser, and the checks of every page.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import axe from 'axe-core';
import jsQR from 'jsqr';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';

const target = process.env.CARGO_TARGET_DIR ?? new URL('../../target', import.meta.url).pathname;
const example = path.join(target, 'debug/onboarding');
const shots = process.env.SCREENSHOTS;

/** Starts the example on a free port. */
export async function startServer(...flags) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'onboarding-'));
  const file = path.join(folder, 'setup.json');
  const server = await startExample('onboarding', { args: ['--port', '0', '--setup-file', file, ...flags] });
  const setup = JSON.parse(await fs.readFile(file, 'utf8'));
  return {
    app1: setup.base,
    /** Another domain on the same machine. */
    app2: setup.base.replace('localhost', 'app2.localhost'),
    /** What a client needs to be the user of app 1. */
    setup,
    output: server.output,
    async stop() {
      await server.stop();
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts an example, and waits until it says that it listens. */
export async function startExample(name, { args = [], env = {}, greeting = /./ } = {}) {
  const server = spawn(path.join(target, 'debug', name), args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let output = '';
  const greeted = new Promise((resolve) => {
    server.stdout.on('data', (text) => {
      output += text;
      if (greeting.test(output)) resolve();
    });
  });
  // The greeting comes when the server listens, and its files are written.
  await Promise.race([
    greeted,
    once(server, 'exit').then(([code]) => assert.fail(`the example ended with ${code}`)),
    once(server, 'error').then(([error]) => assert.fail(`the example did not start: ${error.message}`)),
  ]);
  return {
    output: () => output,
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const exit = once(server, 'exit');
      process.kill(server.pid, 'SIGINT');
      await exit;
    },
  };
}

/** Returns what the example says when it does not start with these flags. */
export async function refusal(...flags) {
  const server = spawn(example, ['--port', '0', ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (text) => (said += text));
  const patience = setTimeout(() => server.kill('SIGINT'), 10_000);
  const [code] = await once(server, 'close');
  clearTimeout(patience);
  assert.equal(code, 1, 'it ends by itself, and does not start');
  return said;
}

/** Returns a port that nobody listens on. */
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export function launchBrowser(...more) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/**
 * Collects every complaint of a page, and every address that it goes to. A refused request is no
 * complaint if the test expects its status. One without an answer is none if the test expects 0.
 */
export function watch(page, expectedStatuses = []) {
  const complaints = [];
  const requests = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const answered = /responded with a status of (\d+)/.exec(message.text());
    const status = message.text().includes('net::ERR_FAILED') ? 0 : Number(answered?.[1]);
    if (['error', 'warning'].includes(message.type()) && !expectedStatuses.includes(status)) {
      complaints.push(message.text());
    }
  });
  page.on('request', (request) => {
    requests.push({ url: request.url(), body: request.postData() ?? '', headers: request.headers() });
  });
  return { complaints, requests };
}

/** Gives a page an authenticator that verifies its user. */
export async function addAuthenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    credentials: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    clear: () => session.send('WebAuthn.clearCredentials', { authenticatorId }),
    /** Acts as a person who closes the dialog, or shows the wrong finger. */
    refuse: () => session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false }),
    agree: () => session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true }),
  };
}

/** Returns what the QR code on a page says to a camera. */
export async function scan(page, selector) {
  const { data, width, height } = PNG.sync.read(await page.locator(selector).screenshot());
  return jsQR(new Uint8ClampedArray(data), width, height)?.data;
}

/** Returns what a QR code says, given row by row. */
export function readModules(modules) {
  const [scale, border] = [4, 4];
  const size = (modules.length + 2 * border) * scale;
  const isDark = (at) =>
    modules[Math.floor(at / size / scale) - border]?.[Math.floor((at % size) / scale) - border];
  const pixels = Array.from({ length: size * size }, (_, at) =>
    isDark(at) ? [0, 0, 0, 255] : [255, 255, 255, 255],
  );
  return jsQR(new Uint8ClampedArray(pixels.flat()), size, size)?.data;
}

/** Takes a picture for people to look at, if SCREENSHOTS names a folder. */
export async function picture(page, name, options = { fullPage: true }) {
  if (!shots) return;
  await fs.mkdir(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), ...options });
}

/** Checks that a state of a page is accessible and fits, light and dark, and takes its pictures. */
export async function look(page, name) {
  const before = page.viewportSize();
  await page.bringToFront();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
      await picture(page, `${name}-${width}-${colorScheme}`);
    }
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
    assert.deepEqual(found, [], `${name} is accessible in ${colorScheme} colours`);
  }
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' });
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
    await picture(page, `${name}-${width}-forced`);
  }
  await page.emulateMedia({ forcedColors: 'none', colorScheme: 'light' });
  // A person whose text is twice as large may have a small phone, too.
  for (const [width, size] of [
    [360, '200%'],
    [320, ''],
  ]) {
    await page.setViewportSize({ width, height: 640 });
    const needed = await page.evaluate((size) => {
      document.documentElement.style.fontSize = size;
      return document.documentElement.scrollWidth;
    }, size);
    if (size) await picture(page, `${name}-${width}-large`);
    assert.ok(needed <= width, `${name} is ${needed} pixels wide on ${width}, with text of ${size || '100%'}`);
  }
  const small = await page.evaluate(() =>
    [
      ...document.querySelectorAll(
        'button, a, summary, select, input:not([type=radio], [type=checkbox]), label:has(input)',
      ),
    ]
      .filter((element) => element.checkVisibility())
      .filter((element) => element.getBoundingClientRect().height < 44)
      .map((element) => element.outerHTML),
  );
  assert.deepEqual(small, [], `${name} has targets of 44 pixels`);
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
}

/** Takes a picture of a page as it is printed, and checks the page. */
export async function onPaper(page, name, check) {
  await page.emulateMedia({ media: 'print' });
  await picture(page, `${name}-paper`, {});
  await check();
  await page.emulateMedia({ media: null });
}

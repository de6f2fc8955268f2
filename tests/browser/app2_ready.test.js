// App 2 is ready when its scripts are. Before that it neither does nor keeps anything.

import assert from 'node:assert/strict';

import { addRecoveryKey, demo, enter, heading, waiting } from './apps.js';
import { look } from './demo.js';

const address = (page) => page.evaluate(() => location.href);

demo('before the scripts run nothing can be pressed, and the code is out of the address', async (run) => {
  const { app2, owner, context, open } = run;
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await context.route('**/enroll-page.js', (route) => released.then(() => route.continue()));
  const { code } = await owner.mint();
  const page = await open(`${app2}/enroll#${code}`, { waitUntil: 'commit' });
  await page.getByRole('heading', { name: 'Add a way to sign in' }).waitFor();
  await page.waitForFunction(() => location.hash === '');
  assert.ok(await page.locator('#continue').isDisabled());
  await page.getByLabel('One-time code').fill('something');
  await page.getByLabel('One-time code').press('Enter');
  assert.equal(await address(page), `${app2}/enroll`, 'a form that is sent by nobody leaves no trace');
  await look(page, 'app2-not-ready');
  release();
  await page.getByText('Your code is filled in. Choose').waitFor();
  await page.getByRole('radio', { name: 'Recovery key' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await heading(page, 'Save your recovery code');
});

for (const script of ['enroll-page', 'modules/client', 'page']) {
  demo(
    `a code is out of the address, whatever becomes of ${script}.js`,
    async ({ app2, context, open }) => {
      await context.route(`**/${script}.js`, (route) => route.abort());
      const page = await open(`${app2}/enroll#ABC-DEF-GHJ`);
      await page.waitForFunction(() => location.hash === '');
      assert.ok(await page.locator('#continue').isDisabled());
    },
    { statuses: [0] },
  );
}

for (const [what, script] of [
  ['an address that isn’t secure', () => Object.defineProperty(crypto, 'subtle', { value: undefined })],
  [
    'storage that is blocked',
    () =>
      Object.defineProperty(globalThis, 'sessionStorage', {
        get: () => {
          throw new DOMException('', 'SecurityError');
        },
      }),
  ],
  ['a browser without passkeys', () => delete globalThis.PublicKeyCredential],
]) {
  demo(`a code is out of the address at ${what}`, async ({ app2, context, open }) => {
    await context.addInitScript(script);
    const page = await open(`${app2}/enroll#ABC-DEF-GHJ`);
    assert.equal(await address(page), `${app2}/enroll`);
    assert.equal(await page.getByLabel('One-time code').inputValue(), 'ABC-DEF-GHJ');
  });
}

demo('what is no code is out of the address, too', async ({ app2, open }) => {
  for (const none of ['nothing', '%E0%A4%A', 'a%00b', '%3Cscript%3E', 'x'.repeat(5_000)]) {
    const page = await open(`${app2}/enroll#${none}`);
    await page.getByText('That link has no code in it').waitFor();
    assert.equal(await address(page), `${app2}/enroll`);
    await page.close();
  }
});

demo('without JavaScript the page says what it needs, and asks for nothing', async ({ app2, context }) => {
  const plain = await context.browser().newContext({ javaScriptEnabled: false });
  try {
    const page = await plain.newPage();
    await page.goto(`${app2}/enroll`);
    assert.match(await page.locator('noscript').last().innerHTML(), /This page needs JavaScript/);
    assert.ok((await page.locator('noscript').last().boundingBox()).height > 50, 'it is seen');
    assert.ok(await page.getByLabel('One-time code').isHidden());
  } finally {
    await plain.close();
  }
});

demo('every script that the page runs is loaded ahead, and no other', async ({ app2, open, requests }) => {
  const page = await open(`${app2}/enroll`);
  await page.waitForFunction(() => !document.querySelector('#continue').disabled);
  const ahead = await page.evaluate(() =>
    [...document.querySelectorAll('link[rel=modulepreload]')].map(({ href }) => href),
  );
  const asked = requests()
    .map(({ url }) => url)
    .filter((url) => url.endsWith('.js'));
  assert.deepEqual(new Set(ahead), new Set(asked));
  assert.equal(asked.length, new Set(asked).size, 'each is asked for once');
  const imported = await page.evaluate(async (urls) => {
    const texts = await Promise.all(urls.map(async (url) => [url, await (await fetch(url)).text()]));
    return texts.flatMap(([url, text]) =>
      [...text.matchAll(/ from '(.*)';/g)].map(([, from]) => new URL(from, url).href),
    );
  }, asked);
  for (const url of asked)
    assert.ok(imported.includes(url) || url.endsWith('/enroll-page.js'), `${url} is of use`);
});

demo('whose name it is can’t turn the words around it', async ({ app2, open }) => {
  const page = await open(`${app2}/enroll`);
  const around = await page.evaluate(() =>
    [...document.querySelectorAll('[data-account], #user, #signed-in-as')].map(({ localName }) => localName),
  );
  assert.ok(around.length >= 8);
  assert.deepEqual(new Set(around), new Set(['bdi']));
});

demo('Escape goes back where nothing is lost, and nowhere else', async ({ app2, owner, open }) => {
  const page = await open(`${app2}/enroll`);
  await enter(page, (await owner.mint()).code, 'Recovery key');
  await heading(page, 'Save your recovery code');
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#recovery').isVisible(), 'the code is spent, and nothing is made of it');
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await heading(page, 'Recovery key added');
  await page.keyboard.press('Escape');
  await heading(page, 'Add a way to sign in');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'typed');
});

demo(
  'a clock that is set while the page is open ends nothing',
  async ({ app2, owner, context, open }) => {
    await context.clock.install();
    const page = await open(`${app2}/enroll`);
    await addRecoveryKey(page, (await owner.mint()).code);
    await heading(page, waiting);
    await page.getByText('The other app waits 5 minutes').waitFor();
    for (const hours of [1, -2]) {
      await page.clock.setSystemTime(Date.now() + hours * 3_600_000);
      await page.clock.runFor(2_000);
      assert.ok(await page.getByText('The other app waits 5 minutes').isVisible());
      assert.ok(await page.locator('#approval-problem').isHidden());
    }
    const [{ id }] = await owner.enrolments();
    await owner.refuse(id);
    await page.clock.runFor(2_000);
    // By the server's time it had not run out.
    await heading(page, 'The other app refused it');
  },
  { approval: 'asked' },
);

// The pages of the example, in Chromium with virtual authenticators, as a person goes through them.
//
// Needs the example to be built: cargo build -p onboarding. Screenshots go to the system's temporary folder, or to $SCREENSHOTS.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';

import {
  addAuthenticator,
  freePort,
  launchBrowser,
  look,
  onPaper,
  readModules,
  refusal,
  scan,
  startServer,
  watch,
} from './demo.js';

let browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

/**
 * Runs a test with a server and a browser profile of its own, and checks that no page complained,
 * but for what the test `awaits`. `approval` says whether app 1 is asked; `asked` is the default of the
 * example. Most tests are about something else, and do without.
 */
function demo(name, run, { approval = 'none', flags = [], statuses = [], awaits = [] } = {}) {
  test(name, async () => {
    const server = await startServer(...(approval === 'asked' ? [] : ['--approval', approval]), ...flags);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(10_000);
    const watched = [];
    const open = async (url) => {
      const page = await context.newPage();
      watched.push(watch(page, statuses));
      await page.goto(url);
      return page;
    };
    try {
      await run({ ...server, context, open, requests: () => watched.flatMap((page) => page.requests) });
      const complaints = watched.flatMap((page) => page.complaints);
      const isAwaited = (text) => awaits.some((pattern) => pattern.test(text));
      assert.deepEqual(
        complaints.filter((text) => !isAwaited(text)),
        [],
      );
      for (const pattern of awaits) assert.ok(complaints.some((text) => pattern.test(text)), `${pattern} is said`);
    } catch (error) {
      for (const page of context.pages()) {
        const text = await page.innerText('body').catch(() => '');
        console.error(`${page.url()} shows:\n${text}`);
      }
      throw error;
    } finally {
      await context.close();
      await server.stop();
    }
  });
}

/** Asks for a code in app 1. */
async function mint(page) {
  await page.getByRole('button', { name: 'Add a device' }).click();
  await page.getByText('Waiting for the code').waitFor();
  return page.locator('#code').textContent();
}

async function enter(page, code, kind = 'Passkey') {
  await page.getByLabel('One-time code').fill(code);
  await page.getByRole('radio', { name: kind }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** A code that the server has, made by the page's own modules. */
const mintFor = (page, milliseconds) =>
  page.evaluate(async (lifetime) => {
    const [{ post }, { browserKey, postSigned }] = await Promise.all([
      import('/enroll.js'),
      import('/sign.js'),
    ]);
    const key = await browserKey();
    const { token } = await post('/demo/session', { credId: key.credId, publicKey: key.publicKey, name: 'Test' });
    const expiration = new Date(Date.now() + lifetime).toISOString();
    return (await postSigned('/auth/credentials/code', { expiration }, { key, token })).code;
  }, milliseconds);

const heading = (page, name) => page.getByRole('heading', { name }).waitFor();

/** What app 1 says about the code. */
const outcome = (page, title) => page.locator('#outcome').getByText(title, { exact: true }).waitFor();

const waiting = 'Waiting for approval in the other app';
const itIsMe = (page) => page.getByRole('button', { name: 'It’s me' });
const notMe = (page) => page.getByRole('button', { name: 'Not me' });

/** Says yes in app 1, once it asks. */
async function approve(page) {
  await page.locator('#outcome').getByText(/^Add this .*\?$/).waitFor();
  await itIsMe(page).click();
}

/** Makes a recovery key in app 2, which needs no authenticator. */
async function addRecoveryKey(page, code) {
  await enter(page, code, 'Recovery key');
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
}

demo('a typed code adds a passkey on another domain', async ({ app1, app2, open, requests, output }) => {
  const first = await open(app1);
  await first.getByText('This browser', { exact: true }).waitFor();
  await look(first, 'app1-start');
  const code = await mint(first);
  assert.match(code, /^[A-HJ-NP-Z2-9]{3}(-[A-HJ-NP-Z2-9]{3}){2}$/);
  await look(first, 'app1-code');

  const second = await open(`${app2}/enroll`);
  const authenticator = await addAuthenticator(second);
  await look(second, 'app2-start');
  await enter(second, ` ${code.toLowerCase().replaceAll('-', ' ')} `);
  await heading(second, 'Create your passkey');
  await first.getByText('Continue on the other device', { exact: true }).waitFor();
  await look(first, 'app1-opened');
  await look(second, 'app2-passkey');
  assert.ok(await second.getByText('ada@example.com').isVisible(), 'the person sees whose account it is');

  await second.getByLabel('Name').fill('My new phone');
  await second.getByRole('button', { name: 'Create passkey' }).click();
  await heading(second, waiting);
  assert.equal(await second.evaluate(() => document.activeElement.id), 'approval-title');
  await look(second, 'app2-waiting');
  await outcome(first, 'Add this passkey?');
  await look(first, 'app1-pending');
  const asker = await first.locator('#asker').textContent();
  assert.match(asker, /Passkey.*My new phone.*app2\.localhost.*Chrome on Linux, 127\.0\.0\.1/);
  const added = first.getByRole('listitem').filter({ hasText: 'My new phone' });
  assert.equal(await added.count(), 0, 'it is not added yet');
  await approve(first);
  await heading(second, 'Passkey added');
  await look(second, 'app2-passkey-done');
  const facts = await second.locator('#done-facts').textContent();
  assert.match(facts, /My new phone.*ada@example\.com.*app2\.localhost/);
  const [passkey] = await authenticator.credentials();
  assert.equal(passkey.rpId, 'app2.localhost', 'app 1 has another relying party');
  assert.equal(Buffer.from(passkey.userHandle, 'base64').toString(), 'us-2ba0h-lvp2q-8v1860pcj1bh5irf');

  await first.getByText('My new phone was added', { exact: true }).waitFor();
  await added.waitFor();
  assert.match(await added.textContent(), /New.*Passkey for app2\.localhost/);
  await look(first, 'app1-added');
  assert.equal(await first.getByText('This browser', { exact: true }).count(), 1);

  const addresses = requests().map(({ url }) => url);
  assert.ok(
    addresses.every((url) => new URL(url).hostname.endsWith('localhost')),
    'nothing comes from elsewhere',
  );
  const symbols = code.replaceAll('-', '');
  assert.ok(
    addresses.every((url) => !url.replaceAll('-', '').includes(symbols)),
    'no address holds the code',
  );
  assert.match(output(), /has a new Fido2: My new phone/);
  assert.ok(!output().includes(code), 'nor does the log');
}, { approval: 'asked' });

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

demo('a cancelled passkey is tried again with the same challenge', async ({ app1, app2, open, requests }) => {
  const code = await mint(await open(app1));
  const page = await open(`${app2}/enroll`);
  const authenticator = await addAuthenticator(page);
  await enter(page, code);
  await authenticator.refuse();
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await page.getByText('No passkey was made').waitFor();
  await look(page, 'app2-cancelled');
  assert.deepEqual(await authenticator.credentials(), []);

  await authenticator.agree();
  await page.getByRole('button', { name: 'Try again' }).click();
  await heading(page, 'Passkey added');
  assert.equal(
    requests().filter(({ url }) => url.endsWith('/code/init')).length,
    1,
    'one code, one challenge',
  );
});

demo(
  'a code that is wrong, used or too old is refused in words',
  async ({ app1, app2, open, requests }) => {
    const first = await open(app1);
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

    const expired = await mintFor(first, -1_000);
    const used = await mintFor(first, 50_000);
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

demo('an authenticator that has a passkey makes no second one', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  const authenticator = await addAuthenticator(page);
  await enter(page, await mint(first));
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, 'Passkey added');

  assert.equal(await page.title(), 'Added · App 2');
  await page.getByRole('button', { name: 'Add another' }).click();
  assert.equal(await page.title(), 'Add this device · App 2');
  await first.getByRole('button', { name: 'Add another device' }).click();
  await first.getByText('Waiting for the code').waitFor();
  await enter(page, await first.locator('#code').textContent());
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await page.getByText('This device has a passkey for you already').waitFor();
  await look(page, 'app2-duplicate');
  assert.equal((await authenticator.credentials()).length, 1);
});

demo(
  'a browser without parseCreationOptionsFromJSON makes the same passkey',
  async ({ app1, app2, context, open }) => {
    await context.addInitScript(() => delete PublicKeyCredential.parseCreationOptionsFromJSON);
    const code = await mint(await open(app1));
    const page = await open(`${app2}/enroll`);
    const authenticator = await addAuthenticator(page);
    assert.equal(
      await page.evaluate(() => typeof PublicKeyCredential.parseCreationOptionsFromJSON),
      'undefined',
    );
    await enter(page, code);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'Passkey added');
    const [{ userHandle }] = await authenticator.credentials();
    assert.equal(Buffer.from(userHandle, 'base64').toString(), 'us-2ba0h-lvp2q-8v1860pcj1bh5irf');
  },
);

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

demo(
  'app 2 asks again while nobody answers, and leaves nobody in the dark',
  async ({ app1, app2, open }) => {
    const first = await open(app1);
    const page = await open(`${app2}/enroll`);
    let isReachable = false;
    await page.route('**/enrolments/outcome', (route) => (isReachable ? route.continue() : route.abort()));
    await addRecoveryKey(page, await mint(first));
    const offline = page.getByText('The server can’t be reached');
    await offline.waitFor();
    await look(page, 'app2-waiting-offline');
    isReachable = true;
    await offline.waitFor({ state: 'hidden' });
    await approve(first);
    await heading(page, 'Recovery key added');
    await page.getByRole('button', { name: 'Add another' }).click();

    await first.getByRole('button', { name: 'Add another device' }).click();
    await first.getByText('Waiting for the code').waitFor();
    await page.route('**/enrolments/outcome', (route) =>
      route.fulfill({ status: 403, json: { error: { code: 'invalid_token' } } }),
    );
    await addRecoveryKey(page, await first.locator('#code').textContent());
    await heading(page, 'We don’t know what became of it');
  },
  { approval: 'asked', statuses: [0, 403] },
);

demo('who waits is not asked before leaving, but for a number that is lost', async ({ app1, app2, open }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  const questions = [];
  page.on('dialog', async (dialog) => {
    questions.push(dialog.type());
    await dialog.accept();
  });
  await addRecoveryKey(page, await mint(first));
  await heading(page, waiting);
  await page.reload();
  await heading(page, 'Add this device');
  assert.deepEqual(questions, ['beforeunload']);
}, { approval: 'code' });

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

test('flags about approval say what is allowed', async () => {
  assert.match(await refusal('--approval', 'maybe'), /^--approval maybe: it is none, asked or code/);
  for (const value of ['0', '601', '3.5', '-1', 'soon']) {
    const words = `--approval-lifetime ${value}: it is a whole number of seconds, from 1 to 600`;
    assert.equal((await refusal('--approval-lifetime', value)).trim(), words);
  }
  assert.match(await refusal('--undo-tokens', '/no/such/folder/file'), /^--undo-tokens .*: it is a file that/);
});

/** Opens what was sent as a private key with the secret that never was, and checks that it belongs to the public one. */
const opens = (page, { encryptedPrivateKey, credentialInfo }, secret) =>
  page.evaluate(
    async ([encrypted, info, secret]) => {
      const [{ unlock }, { fromBase64url }] = await Promise.all([import('/keys.js'), import('/enroll.js')]);
      const privateKey = await unlock(encrypted, secret);
      const { publicKey: pem } = JSON.parse(new TextDecoder().decode(fromBase64url(info.attestationData)));
      const spki = Uint8Array.from(atob(pem.replace(/-----.*?-----|\n/g, '')), (c) => c.charCodeAt(0));
      const publicKey = await crypto.subtle.importKey(
        'spki',
        spki,
        { name: 'ECDSA', namedCurve: 'P-256' },
        false,
        ['verify'],
      );
      const how = { name: 'ECDSA', hash: 'SHA-256' };
      const message = new Uint8Array([1, 2, 3]);
      return crypto.subtle.verify(
        how,
        publicKey,
        await crypto.subtle.sign(how, privateKey, message),
        message,
      );
    },
    [encryptedPrivateKey, credentialInfo, secret],
  );

demo('a recovery key is printed once, and leaves encrypted', async ({ app1, app2, open, requests }) => {
  const first = await open(app1);
  const code = await mint(first);
  const page = await open(`${app2}/enroll`);
  await enter(page, code, 'Recovery key');
  await heading(page, 'Save your recovery code');
  const secret = await page.locator('#recovery-code').textContent();
  assert.match(secret, /^[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){7}$/);
  const typed = secret.toLowerCase().replaceAll('-', ' ');
  const read = await page.evaluate(async (typed) => (await import('/keys.js')).readRecoveryCode(typed), typed);
  assert.equal(read, secret, 'it may be typed in any way');
  await look(page, 'app2-recovery');
  await onPaper(page, 'app2-recovery', async () => {
    assert.ok(await page.locator('#recovery-code').isVisible());
    assert.equal(await page.getByRole('button').count(), 0, 'paper has no buttons');
  });

  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await page.getByText('Save it first').waitFor();
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await heading(page, waiting);
  assert.ok(!(await page.content()).includes(secret), 'it is shown no longer than needed');
  await approve(first);
  await heading(page, 'Recovery key added');
  await look(page, 'app2-recovery-done');
  assert.ok(!(await page.content()).includes(secret), 'it is not shown again');

  const sent = requests();
  assert.ok(sent.every(({ body }) => !body.includes(secret) && !body.includes(secret.replaceAll('-', ''))));
  const registered = JSON.parse(sent.find(({ url }) => url.endsWith('/code/verify')).body);
  assert.equal(registered.credentialKind, 'RecoveryKey');
  assert.ok(await opens(page, registered, secret));
  await assert.rejects(
    opens(
      page,
      registered,
      secret.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    ),
  );
  await first.getByText('Recovery key was added', { exact: true }).waitFor();
}, { approval: 'asked' });

demo('a password never leaves the page that its key is made on', async ({ app1, app2, open, requests }) => {
  const first = await open(app1);
  const page = await open(`${app2}/enroll`);
  await enter(page, await mint(first), 'Password-protected key');
  await heading(page, 'Choose a password');
  await look(page, 'app2-password');
  const password = 'correct horse battery staple';
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText('That is too short').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('Password again').fill('correct horse battery stable');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText('The two passwords differ.').waitFor();
  await look(page, 'app2-password-differs');
  await page.getByLabel('Password again').fill(password);
  await page.evaluate(() => {
    globalThis.said = [];
    const hear = (records) => globalThis.said.push(...records.map(({ target }) => [target.id, target.textContent]));
    const observer = new MutationObserver(hear);
    for (const id of ['announcer', 'create-password']) observer.observe(document.getElementById(id), { childList: true });
  });
  await page.getByRole('button', { name: 'Create key' }).click();
  await heading(page, waiting);
  const said = [
    ['create-password', 'Working…'],
    ['announcer', 'Working…'],
    ['announcer', ''],
  ];
  assert.deepEqual(await page.evaluate(() => globalThis.said), said, 'and no more on the next screen');
  await approve(first);
  await heading(page, 'Password-protected key added');
  await look(page, 'app2-password-done');

  const sent = requests();
  assert.ok(sent.length > 0);
  for (const { url, body } of sent) {
    assert.ok(
      ![url, body].some((text) => decodeURIComponent(text).includes(password)),
      `${url} does not hold the password`,
    );
  }
  const registered = JSON.parse(sent.find(({ url }) => url.endsWith('/code/verify')).body);
  assert.equal(registered.credentialKind, 'PasswordProtectedKey');
  assert.ok(await opens(page, registered, password));
  await assert.rejects(opens(page, registered, 'another password'));
}, { approval: 'asked' });

demo(
  'an answer that got lost is sent again, with the passkey that was made',
  async ({ app1, app2, open }) => {
    const code = await mint(await open(app1));
    const page = await open(`${app2}/enroll`);
    const authenticator = await addAuthenticator(page);
    await enter(page, code);
    const answers = [
      { status: 503, json: { error: { code: 'unavailable' } } },
      { status: 429, json: { error: { code: 'too_many_attempts' } } },
      { status: 400, json: { error: { code: 'invalid_request' } } },
    ];
    await page.route('**/code/verify', (route) => route.fulfill(answers.shift()), { times: answers.length });
    await page.getByLabel('Name').fill('My\tphone');
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await page.getByText('The service is down for a moment').waitFor();
    const [made] = await authenticator.credentials();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Too many attempts').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The server didn’t understand').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, 'Passkey added');
    await page.getByText('My phone', { exact: true }).waitFor();
    const registered = await authenticator.credentials();
    assert.deepEqual(
      registered.map(({ credentialId }) => credentialId),
      [made.credentialId],
    );
  },
  { statuses: [503, 429, 400] },
);

demo(
  'a challenge that is gone asks for a new code, and the passkey is dropped',
  async ({ app1, app2, open }) => {
    const code = await mint(await open(app1));
    const page = await open(`${app2}/enroll`);
    const authenticator = await addAuthenticator(page);
    await enter(page, code);
    // Somebody else answers it wrongly, which spends it.
    await page.route('**/code/verify', async (route) => {
      const body = route.request().postDataJSON();
      await route.continue({ postData: JSON.stringify({ ...body, challengeIdentifier: 'unknown' }) });
    });
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'This took too long');
    await look(page, 'app2-too-long');
    assert.deepEqual(await authenticator.credentials(), [], 'no passkey stays behind that opens nothing');
    await page.getByRole('button', { name: 'Enter a new code' }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'typed');
  },
  { statuses: [403] },
);

demo(
  'whoever guesses is told to wait',
  async ({ app2, open }) => {
    const page = await open(`${app2}/enroll`);
    await page.route('**/code/init', (route) =>
      route.fulfill({
        status: 429,
        headers: { 'retry-after': '42' },
        json: { error: { code: 'too_many_attempts', status: 429, message: 'Too many attempts.' } },
      }),
    );
    await enter(page, 'ABC-DEF-GHJ');
    await page.getByText('wait 42 seconds').waitFor();
  },
  { statuses: [429] },
);

demo(
  'a server that can’t be reached is asked again',
  async ({ app1, app2, open }) => {
    const code = await mint(await open(app1));
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
  'what nobody foresaw leaves a trace for whoever develops',
  async ({ app2, open }) => {
    const page = await open(`${app2}/enroll`);
    await page.route('**/code/init', (route) => route.fulfill({ status: 502, body: '<p>Bad gateway' }));
    await enter(page, 'ABC-DEF-GHJ');
    await page.getByText('Something went wrong').waitFor();
  },
  { statuses: [502], awaits: [/\/auth\/credentials\/code\/init answered 502 without JSON/] },
);

demo(
  'an answer that comes late belongs to the attempt that asked',
  async ({ app1, app2, open }) => {
    const signedIn = await open(app1);
    const [first, second] = [await mint(signedIn), await mint(await open(app1))];
    const page = await open(`${app2}/enroll`);
    await enter(page, first, 'Recovery key');
    await page.locator('#recovery').getByText('Nothing is added yet').waitFor();
    await page.locator('#saved').check();
    let answer;
    const asked = new Promise((resolve) => {
      page.route('**/code/verify', (route) => {
        answer = () => route.fulfill({ status: 403, json: { error: { code: 'invalid_challenge' } } });
        resolve();
      });
    });
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await asked;
    assert.ok(await page.locator('#recovery [data-unsent]').isHidden(), 'perhaps it is added');
    await page.locator('#recovery').getByRole('button', { name: 'Start over' }).click();
    await enter(page, second, 'Password-protected key');
    await heading(page, 'Choose a password');
    const answered = page.waitForResponse('**/code/verify');
    await answer();
    await answered;
    await page.locator('#password').getByText('Nothing is added yet').waitFor();
    await heading(page, 'Choose a password');
  },
  { statuses: [403] },
);

const late = { none: 'was added to ada@example.com after all', asked: 'waits in the other app' };
for (const [approval, words] of Object.entries(late)) {
  demo(`what comes late is told where somebody is by now: ${approval}`, async ({ app1, app2, open }) => {
    const signedIn = await open(app1);
    const [first, second] = [await mint(signedIn), await mint(await open(app1))];
    const page = await open(`${app2}/enroll`);
    await enter(page, first, 'Recovery key');
    await page.locator('#saved').check();
    let release;
    const released = new Promise((resolve) => (release = resolve));
    await page.route('**/code/verify', (route) => released.then(() => route.continue()), { times: 1 });
    const asked = page.waitForRequest('**/code/verify');
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await asked;
    await page.locator('#recovery').getByRole('button', { name: 'Start over' }).click();
    await enter(page, second, 'Password-protected key');
    await heading(page, 'Choose a password');
    release();
    await page.getByText(words, { exact: false }).waitFor();
    await page.getByLabel('Password', { exact: true }).fill('a password that is long');
    await page.getByLabel('Password again').fill('a password that is long');
    await page.getByRole('button', { name: 'Create key' }).click();
    await heading(page, approval === 'none' ? 'Password-protected key added' : waiting);
  }, { approval });
}

demo(
  'a password that may be in use already can’t be changed',
  async ({ app1, app2, open }) => {
    const code = await mint(await open(app1));
    const page = await open(`${app2}/enroll`);
    await enter(page, code, 'Password-protected key');
    await page.route('**/code/verify', (route) => route.abort(), { times: 1 });
    for (const label of ['Password', 'Password again'])
      await page.getByLabel(label, { exact: true }).fill('a password that is long');
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByText('so its password stays as it is').waitFor();
    assert.ok(!(await page.getByLabel('Password', { exact: true }).isEditable()));
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, 'Password-protected key added');
  },
  { statuses: [0] },
);

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

demo('a browser without passkeys offers keys, and says why', async ({ app2, context, open }) => {
  await context.addInitScript(() => delete globalThis.PublicKeyCredential);
  const page = await open(`${app2}/enroll`);
  await page.getByText('this browser has no passkeys').waitFor();
  assert.ok(await page.getByRole('radio', { name: 'Passkey' }).isDisabled());
});

demo('the whole way can be gone by keyboard', async ({ app1, app2, open }) => {
  const first = await open(app1);
  await first.getByRole('button', { name: 'Add a device' }).waitFor();
  await first.keyboard.press('Tab');
  await first.keyboard.press('Enter');
  await first.getByText('Waiting for the code').waitFor();
  assert.equal(await first.evaluate(() => document.activeElement.id), 'panel-title');
  const code = await first.locator('#code').textContent();

  const page = await open(`${app2}/enroll`);
  await addAuthenticator(page);
  await page.keyboard.press('Tab');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
  await heading(page, 'Create your passkey');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'passkey-title');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await heading(page, 'Passkey added');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'done-title');
});

demo('whoever changes their mind starts over', async ({ app1, app2, open }) => {
  const code = await mint(await open(app1));
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

demo('who leaves in the middle is asked first, and told what it cost', async ({ app1, app2, open }) => {
  const codes = [await mint(await open(app1)), await mint(await open(app1))];
  const page = await open(`${app2}/enroll`);
  const questions = [];
  page.on('dialog', async (dialog) => {
    questions.push(dialog.type());
    await dialog.accept();
  });
  const lost = page.getByText('This page was reloaded, and your code is spent');
  await enter(page, codes[0], 'Recovery key');
  await heading(page, 'Save your recovery code');
  const stored = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  assert.ok(!stored.includes(codes[0]) && !stored.includes(codes[0].replaceAll('-', '')), 'no code is kept');
  await page.reload();
  await lost.waitFor();
  await look(page, 'app2-reloaded');
  assert.deepEqual(questions, ['beforeunload']);
  await page.reload();
  await page.getByLabel('One-time code').waitFor();
  assert.ok(await lost.isHidden(), 'it is said once');

  await enter(page, codes[1], 'Recovery key');
  await page.getByLabel('I have saved it').check();
  await page.getByRole('button', { name: 'Add recovery key' }).click();
  await heading(page, 'Recovery key added');
  await page.reload();
  await heading(page, 'Add this device');
  assert.ok(await lost.isHidden(), 'what is done is not lost');
  assert.deepEqual(questions, ['beforeunload'], 'and nobody is asked');
});

demo('starting over closes the dialog, and its button works for the next code', async ({ app1, app2, context, open }) => {
  await context.addInitScript(() => {
    const create = navigator.credentials.create.bind(navigator.credentials);
    globalThis.isAborted = false;
    // The first dialog stays open for good, whatever the page does.
    navigator.credentials.create = ({ signal }) => {
      navigator.credentials.create = create;
      signal.addEventListener('abort', () => (globalThis.isAborted = true));
      return new Promise(() => {});
    };
  });
  const [first, second] = [await mint(await open(app1)), await mint(await open(app1))];
  const page = await open(`${app2}/enroll`);
  await addAuthenticator(page);
  await enter(page, first);
  await page.locator('#create-passkey').click();
  assert.equal(await page.locator('#create-passkey').getAttribute('aria-disabled'), 'true');
  await page.locator('#passkey').getByRole('button', { name: 'Start over' }).click();
  assert.ok(await page.evaluate(() => globalThis.isAborted), 'the dialog is closed');

  await enter(page, second);
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, 'Passkey added');
});

demo('a new link ends what another code began', async ({ app1, app2, open }) => {
  const code = await mint(await open(app1));
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

const port = await freePort();
demo(
  'app 2 on a bare address makes keys only, and says why',
  async ({ app1, open }) => {
    const first = await open(app1);
    const page = await open(`http://127.0.0.1:${port}/enroll`);
    await page.getByText('127.0.0.1 is an address').waitFor();
    assert.ok(await page.getByRole('radio', { name: 'Passkey' }).isDisabled());
    await look(page, 'app2-address');
    await enter(page, await mint(first), 'Recovery key');
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, 'Recovery key added');
    await first.getByText('Recovery key was added', { exact: true }).waitFor();
  },
  { flags: ['--port', port, '--origin', `http://127.0.0.1:${port}`] },
);

const otherPort = await freePort();
demo(
  'app 2 on another port is another origin of the same domain',
  async ({ app1, open }) => {
    const first = await open(app1);
    const code = await mint(first);
    assert.equal(await scan(first, '#qr'), `http://localhost:${otherPort}/enroll#${code}`);
    const page = await open(`http://localhost:${otherPort}/enroll`);
    const authenticator = await addAuthenticator(page);
    await enter(page, code);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'Passkey added');
    assert.equal((await authenticator.credentials())[0].rpId, 'localhost');
  },
  { flags: ['--origin', `http://localhost:${otherPort}`] },
);

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

test('a name that somebody points at this machine signs nobody in', async () => {
  const server = await startServer();
  try {
    const headers = { host: 'evil.example', origin: server.app1, 'content-type': 'application/json' };
    const request = http.request(`${server.app1}/demo/session`, { method: 'POST', headers });
    request.end(JSON.stringify({ credId: 'a', publicKey: 'b' }));
    const [response] = await once(request, 'response');
    assert.equal(response.statusCode, 403);
    response.resume();
  } finally {
    await server.stop();
  }
});

test('what is no key, or comes through a proxy, is refused in the form of every refusal', async () => {
  const server = await startServer();
  try {
    const headers = { origin: server.app1, 'content-type': 'application/json' };
    const ask = async (body, more) => {
      const answer = await fetch(`${server.app1}/demo/session`, {
        method: 'POST',
        headers: { ...headers, ...more },
        body,
      });
      return [answer.status, (await answer.json()).error.code];
    };
    assert.deepEqual(await ask('{'), [400, 'invalid_request']);
    assert.deepEqual(await ask('{}'), [422, 'invalid_request']);
    assert.deepEqual(await ask('{}', { 'content-type': 'text/plain' }), [415, 'invalid_request']);
    assert.deepEqual(await ask('{}', { 'x-forwarded-for': '192.0.2.1' }), [403, 'forbidden']);
  } finally {
    await server.stop();
  }
});

test('an origin that is none is blamed by its own name', async () => {
  for (const value of ['https://abc.example/enroll', 'https://abc.example//', 'abc.example']) {
    assert.match(await refusal('--origin', value), new RegExp(`^--origin ${value}: an origin is `));
  }
});

demo(
  'an origin may end in a slash, as browsers copy it',
  async ({ app1, open }) => {
    const page = await open(app1);
    const code = await mint(page);
    assert.equal(await scan(page, '#qr'), `https://abc.example/enroll#${code}`);
  },
  { flags: ['--origin', 'https://abc.example/'] },
);

test('one address guesses ten times a minute, and no more', async () => {
  const server = await startServer();
  try {
    const statuses = [];
    for (let guess = 0; guess < 11; guess += 1) {
      const response = await fetch(`${server.app1}/auth/credentials/code/init`, {
        method: 'POST',
        headers: { origin: server.app1, 'content-type': 'application/json' },
        body: JSON.stringify({ code: 'ABC-DEF-GHJ', credentialKind: 'RecoveryKey' }),
      });
      statuses.push(response.status);
      await response.arrayBuffer();
    }
    assert.deepEqual(statuses, [...Array(10).fill(403), 429]);
  } finally {
    await server.stop();
  }
});

test('every file is served with a strict policy and stays out of caches', async () => {
  const server = await startServer();
  try {
    for (const path of ['/', '/enroll', '/enroll.js', '/undo', '/undo.js', '/style.css', '/icon.svg']) {
      const { status, headers } = await fetch(server.app1 + path);
      assert.equal(status, 200);
      const policy = headers.get('content-security-policy');
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    }
  } finally {
    await server.stop();
  }
});

demo('a code is found in whatever somebody pastes', async ({ app2, open }) => {
  const page = await open(`${app2}/enroll`);
  const read = (typed) => page.evaluate(async (typed) => (await import('/enroll.js')).readCode(typed), typed);
  const spellings = [
    '75D-TEF-PPW',
    ' 75d tef ppw. ',
    '75dtefppw',
    '\u201c75D\u2014TEF\u2014PPW\u201d',
    '75D\u200bTEF\u200bPPW',
    'Your code: 75D-TEF-PPW',
    'The key: 75D-TEF-PPW.',
    'Your code is 75DTEFPPW.',
    'https://app2.example.com/enroll#75D-TEF-PPW',
    'Use 75DTEFPPW',
    'Enter 75DTEFPPW',
    '(75D-TEF-PPW)',
  ];
  for (const typed of spellings) assert.equal(await read(typed), '75DTEFPPW', typed);
  assert.equal(await read('75D-TEF-PPW-ABC'), '75DTEFPPWABC', 'a longer one stays whole');
  const none = ['', '75D-TEF-PP', 'Your code: 75D-TEF-PP', 'I0O-I0O-I0O', '75D-TEF-PPW ABC-DEF-GHJ', 'Your code'];
  for (const typed of none) assert.equal(await read(typed), undefined, typed);
});

demo('the QR codes of addresses of every length can be read', async ({ app1, open }) => {
  const page = await open(app1);
  const draw = (text) => page.evaluate(async (text) => (await import('/qr.js')).qrModules(text), text);
  for (let length = 1; length <= 213; length += 4) {
    const text = 'https://app.example.com/enroll#A7U-KY6-9PT-'.repeat(6).slice(0, length);
    assert.equal(readModules(await draw(text)), text);
  }
  await assert.rejects(draw('x'.repeat(214)), /too long/);
});

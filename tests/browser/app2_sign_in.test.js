// App 2 signs in with the credential that was just added. The sign-in is real: a signature proves
// it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';

import { unlock } from '../../examples/onboarding/pages/modules/keys.js';
import { keySigner } from '../../examples/onboarding/pages/modules/signing.js';
import { demo, enter, heading } from './apps.js';
import { addAuthenticator, look } from './demo.js';

/** Adds a password-protected key. */
async function addPassword(page, code, password) {
  await enter(page, code, 'Password-protected key');
  for (const label of ['Password', 'Password again'])
    await page.getByLabel(label, { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Add password-protected key' }).click();
  await heading(page, 'Password-protected key added');
}

const signInNow = (page) => page.getByRole('button', { name: 'Sign in now' }).click();

/** Returns the user who is signed in there, as the server knows it. */
const who = (page) => page.evaluate(async () => (await (await fetch('/demo/sign-in')).json()).user);

demo('a passkey signs in, and stays signed in after a reload', async ({ app2, owner, open, context }) => {
  const page = await open(`${app2}/enroll`);
  const authenticator = await addAuthenticator(page);
  await enter(page, (await owner.mint()).code);
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await heading(page, 'Passkey added');
  await signInNow(page);
  await heading(page, 'You are signed in');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'signed-in-title');
  assert.equal(await page.locator('#signed-in-as').textContent(), 'ada@example.com');
  await look(page, 'app2-signed-in');
  assert.equal((await authenticator.credentials())[0].signCount, 2, 'made, and signed once');
  const [session] = await context.cookies();
  assert.deepEqual([session.httpOnly, session.sameSite], [true, 'Strict']);

  await page.reload();
  await page.locator('#who').waitFor();
  assert.equal(await page.locator('#user').textContent(), 'ada@example.com');
  await page.getByRole('button', { name: 'Sign in with it' }).click();
  await heading(page, 'You are signed in');
  const [another] = await context.cookies();
  assert.notEqual(another.value, session.value, 'each sign-in is a session of its own');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'Add a way to sign in');
  assert.equal(await who(page), null);
  assert.deepEqual(await context.cookies(), []);
});

demo('a password-protected key signs in by its password, which is sent nowhere', async (run) => {
  const { app2, owner, open, requests } = run;
  const page = await open(`${app2}/enroll`);
  const password = 'correct horse battery staple';
  await addPassword(page, (await owner.mint()).code, password);
  await look(page, 'app2-sign-in-password');
  await signInNow(page);
  await page.getByText('Type it first.').waitFor();
  await page.getByLabel('Your password').fill('another password');
  await signInNow(page);
  await page.getByText('That isn’t the password that you chose.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'sign-in-password');
  assert.equal(await who(page), null);
  await page.getByLabel('Your password').fill(password);
  await page.getByLabel('Your password').press('Enter');
  await heading(page, 'You are signed in');
  assert.equal(await who(page), 'ada@example.com');
  assert.equal(await page.locator('#sign-in-password').inputValue(), '', 'nothing secret stays on the page');
  assert.ok(requests().every(({ url, body }) => !`${url}${body}`.includes('battery')));
});

demo(
  'a recovery key signs in by its printed code, however it is typed',
  async ({ app2, owner, open, requests }) => {
    const page = await open(`${app2}/enroll`);
    await enter(page, (await owner.mint()).code, 'Recovery key');
    await heading(page, 'Save your recovery code');
  const printed = await page.locator('#recovery-code').textContent();
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Add recovery key' }).click();
    await heading(page, 'Recovery key added');
    await look(page, 'app2-sign-in-printed');
    const field = page.getByLabel('Recovery code, as you saved it');
    await field.fill(printed.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')));
    await signInNow(page);
    await page.getByText('That isn’t the code that you saved.').waitFor();
    await look(page, 'app2-sign-in-wrong');
    await field.fill(` ${printed.toLowerCase().replaceAll('-', ' ')} `);
    await signInNow(page);
    await heading(page, 'You are signed in');
    const symbols = printed.replaceAll('-', '');
    assert.ok(
      requests().every(({ body }) => !body.replaceAll('-', '').includes(symbols)),
      'it is sent nowhere',
    );
    assert.ok(!(await page.content()).includes(printed));
  },
);

demo(
  'what was removed signs nobody in',
  async ({ app2, owner, open }) => {
    const page = await open(`${app2}/enroll`);
    await addAuthenticator(page);
    await enter(page, (await owner.mint()).code);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'Passkey added');
    const isAdded = ({ kind }) => kind === 'Fido2';
    await owner.remove((await owner.credentials()).find(isAdded).credentialUuid);
    await signInNow(page);
    await page.getByText('This does not sign you in').waitFor();
    await look(page, 'app2-sign-in-removed');

    await page.getByRole('button', { name: 'Add another' }).click();
    await addPassword(page, (await owner.mint()).code, 'a password that is long');
    const isKey = ({ kind }) => kind === 'PasswordProtectedKey';
    await owner.deactivate((await owner.credentials()).find(isKey).credentialUuid);
    await page.getByLabel('Your password').fill('a password that is long');
    await signInNow(page);
    await page.getByText('This does not sign you in').waitFor();
    assert.equal(await who(page), null);
  },
  { statuses: [400, 403] },
);

demo(
  'a passkey dialog that was closed says so, and the button works again',
  async ({ app2, owner, open }) => {
    const page = await open(`${app2}/enroll`);
    const authenticator = await addAuthenticator(page);
    await enter(page, (await owner.mint()).code);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await heading(page, 'Passkey added');
    await authenticator.refuse();
    await signInNow(page);
    await page.getByText('No passkey was used').waitFor();
    await authenticator.agree();
    await signInNow(page);
    await heading(page, 'You are signed in');
  },
);

/**
 * Sends a request as a page of that origin does. Node gives no other way to name a host that it
 * does not resolve.
 */
async function ask(server, origin, path, body) {
  const headers = { origin, host: new URL(server.app2).host, 'content-type': 'application/json' };
  const request = http.request(server.app1 + path, { method: 'POST', headers });
  request.end(JSON.stringify(body));
  const [response] = await once(request, 'response');
  const answer = JSON.parse((await response.toArray()).join(''));
  return {
    status: response.statusCode,
    answer,
    code: answer.error?.code,
    cookie: response.headers['set-cookie'],
  };
}

demo(
  'a page elsewhere signs nobody in, and no answer is good for two',
  async ({ app1, app2, owner, open }) => {
    const password = 'a password that is long';
    const page = await open(`${app2}/enroll`);
    await addPassword(page, (await owner.mint()).code, password);
    const { credentialUuid } = (await owner.credentials()).find(
      ({ kind }) => kind === 'PasswordProtectedKey',
    );
    const from = (origin, path, body) => ask({ app1, app2 }, origin, path, { credentialUuid, ...body });
    for (const path of ['/demo/sign-in/init', '/demo/sign-in/key/init', '/demo/sign-out']) {
      for (const origin of ['https://evil.example', app1]) {
        const { status, code } = await from(origin, path);
        assert.deepEqual([status, code], [403, 'forbidden'], `${origin} ${path}`);
      }
    }

    /** Returns what the key signs in a page of that origin. */
    const signed = async (origin) => {
      const { answer } = await from(app2, '/demo/sign-in/key/init');
      const privateKey = await unlock(answer.encryptedPrivateKey, password);
      const { credentialAssertion } = await keySigner(
        { credId: answer.credentialId, privateKey },
        { origin },
      )(answer);
      return { clientData: credentialAssertion.clientData, signature: credentialAssertion.signature };
    };
    const refused = async (body) => {
      const { status, code, cookie } = await from(app2, '/demo/sign-in/key', body);
      assert.deepEqual([status, code, cookie], [403, 'invalid_assertion', undefined]);
    };
    await refused(await signed('https://evil.example'));
    const good = await signed(app2);
    await signed(app2);
    await refused(good);
    const latest = await signed(app2);
    const { status, cookie } = await from(app2, '/demo/sign-in/key', latest);
    assert.equal(status, 200);
    assert.match(cookie[0], /^session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=3600$/);
    await refused(latest);
    await refused({ ...(await signed(app2)), credentialUuid: 'cr-aaaaa-aaaaa-aaaaaaaaaaaaaaaa' });
  },
);

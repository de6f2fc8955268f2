// App 2 hands in the new credential, waits for an answer, and forgets nothing meanwhile.

import assert from 'node:assert/strict';

import { addRecoveryKey, demo, enter, heading, pending, waiting } from './apps.js';
import { addAuthenticator, look } from './demo.js';

demo(
  'an answer that got lost is sent again, with the passkey that was made',
  async ({ app2, owner, open }) => {
    const code = (await owner.mint()).code;
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
  'an answer that comes late belongs to the attempt that asked',
  async ({ app2, owner, open }) => {
    const [first, second] = [(await owner.mint()).code, (await owner.mint()).code];
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
  demo(
    `what comes late is told where somebody is by now: ${approval}`,
    async ({ app2, owner, open }) => {
      const [first, second] = [(await owner.mint()).code, (await owner.mint()).code];
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
      await page.getByRole('button', { name: 'Add password-protected key' }).click();
      await heading(page, approval === 'none' ? 'Password-protected key added' : waiting);
    },
    { approval },
  );
}

demo(
  'a password that may be in use already can’t be changed',
  async ({ app2, owner, open }) => {
    const code = (await owner.mint()).code;
    const page = await open(`${app2}/enroll`);
    await enter(page, code, 'Password-protected key');
    await page.route('**/code/verify', (route) => route.abort(), { times: 1 });
    for (const label of ['Password', 'Password again'])
      await page.getByLabel(label, { exact: true }).fill('a password that is long');
    await page.getByRole('button', { name: 'Add password-protected key' }).click();
    await page.getByText('so its password stays as it is').waitFor();
    assert.ok(!(await page.getByLabel('Password', { exact: true }).isEditable()));
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, 'Password-protected key added');
  },
  { statuses: [0] },
);

demo(
  'app 2 asks again while nobody answers, and leaves nobody in the dark',
  async ({ app2, owner, open }) => {
    const page = await open(`${app2}/enroll`);
    let isReachable = false;
    await page.route('**/enrolments/outcome', (route) => (isReachable ? route.continue() : route.abort()));
    await addRecoveryKey(page, (await owner.mint()).code);
    const offline = page.getByText('The server can’t be reached');
    await offline.waitFor();
    await look(page, 'app2-waiting-offline');
    isReachable = true;
    await offline.waitFor({ state: 'hidden' });
    await owner.approve((await pending(owner)).id);
    await heading(page, 'Recovery key added');
    await page.getByRole('button', { name: 'Add another' }).click();

    await page.route('**/enrolments/outcome', (route) =>
      route.fulfill({ status: 403, json: { error: { code: 'invalid_token' } } }),
    );
    await addRecoveryKey(page, (await owner.mint()).code);
    await heading(page, 'We don’t know what became of it');
  },
  { approval: 'asked', statuses: [0, 403] },
);

demo(
  'who waits is not asked before leaving, but for a number that is lost',
  async ({ app2, owner, open }) => {
    const page = await open(`${app2}/enroll`);
    const questions = [];
    page.on('dialog', async (dialog) => {
      questions.push(dialog.type());
      await dialog.accept();
    });
    await addRecoveryKey(page, (await owner.mint()).code);
    await heading(page, waiting);
    await page.reload();
    await heading(page, 'Add a way to sign in');
    assert.deepEqual(questions, ['beforeunload']);
  },
  { approval: 'code' },
);

demo('who leaves in the middle is asked first, and told what it cost', async ({ app2, owner, open }) => {
  const codes = [(await owner.mint()).code, (await owner.mint()).code];
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
  await heading(page, 'Add a way to sign in');
  assert.ok(await lost.isHidden(), 'what is done is not lost');
  assert.deepEqual(questions, ['beforeunload'], 'and nobody is asked');
});

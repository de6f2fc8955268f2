// The enrolling end goes from a code to a way to sign in, and forgets nothing on the way.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createClient } from '../../examples/onboarding/pages/modules/client.js';
import { createEnrolling } from '../../examples/onboarding/pages/modules/enrolling.js';
import { holdTime } from './platform.js';
import { later, refuse, serve, settle } from './server.js';

const INIT = 'POST /auth/credentials/code/init';
const VERIFY = 'POST /auth/credentials/code/verify';
const OUTCOME = 'POST /auth/credentials/enrolments/outcome';
const challenge = {
  kind: 'Fido2',
  challenge: 'c',
  challengeIdentifier: 'id',
  user: { name: 'ada' },
  rp: { id: 'app2' },
};
const credential = { kind: 'Fido2', credentialUuid: 'cr-1', name: 'Phone' };
const expiration = () => new Date(Date.now() + 300_000).toISOString();
const withApproval = () => ({
  ...credential,
  approval: { token: 'token', checkCode: '123456', expiration: expiration() },
});

/** Returns a maker that counts its calls. */
const maker = () => {
  const make = async () => ({
    credentialInfo: { credId: `made-${(make.times += 1)}`, clientData: '', attestationData: '' },
  });
  make.times = 0;
  return make;
};

function begun(answers) {
  const { fetch, asked } = serve({ [INIT]: challenge, [VERIFY]: credential, ...answers });
  const forgotten = [];
  const forget = async (rpId, credId) => void forgotten.push(`${rpId} ${credId}`);
  const enrolling = createEnrolling({ client: createClient({ fetch }), forget });
  const stages = [];
  enrolling.subscribe(({ stage }) => stage !== stages.at(-1) && stages.push(stage));
  return { enrolling, asked, stages, forgotten, make: maker() };
}

test('without an approval a code becomes a way to sign in', async () => {
  const { enrolling, asked, stages, forgotten, make } = begun();
  await enrolling.enter('A7UKY69PT', 'Fido2');
  await enrolling.make('Phone', make);
  assert.deepEqual(stages, ['entering', 'exchanging', 'challenged', 'making', 'registering', 'added']);
  assert.equal(enrolling.state().credential.name, 'Phone');
  assert.deepEqual(
    asked.map(({ path }) => path.split('/').at(-1)),
    ['init', 'verify'],
  );
  assert.deepEqual(forgotten, []);
});

test('with one it waits for yes', async () => {
  const answer = later();
  const { enrolling, stages, make } = begun({ [VERIFY]: withApproval, [OUTCOME]: () => answer.promise });
  await enrolling.enter('A7UKY69PT', 'Fido2');
  const making = enrolling.make('Phone', make);
  await settle();
  assert.equal(enrolling.state().stage, 'pending');
  assert.equal(enrolling.state().credential.approval.checkCode, '123456');
  answer.resolve({ stage: 'added', expiration: expiration() });
  await making;
  assert.deepEqual(stages.slice(-2), ['pending', 'added']);
});

for (const [stage, isOver, outcome] of [
  ['refused', false, 'refused'],
  ['refused', true, 'lapsed'],
  ['revoked', false, 'revoked'],
  ['undone', false, 'undone'],
]) {
  test(`any other answer is told, and the passkey is forgotten: ${outcome}`, async () => {
    const told = { stage, expiration: isOver ? new Date(Date.now() - 1).toISOString() : expiration() };
    const { enrolling, forgotten, make } = begun({ [VERIFY]: withApproval, [OUTCOME]: told });
    await enrolling.enter('A7UKY69PT', 'Fido2');
    await enrolling.make('Phone', make);
    const { stage: shown, outcome: said, isUncertain } = enrolling.state();
    assert.deepEqual([shown, said, isUncertain], ['refused', outcome, false]);
    assert.deepEqual(forgotten, ['app2 made-1']);
  });
}

test('a code that is refused may be entered again', async () => {
  const answers = [refuse(403, 'invalid_code'), challenge];
  const { enrolling } = begun({ [INIT]: () => answers.shift() });
  await enrolling.enter('AAAAAAAAA', 'Fido2');
  assert.deepEqual([enrolling.state().stage, enrolling.state().error.code], ['entering', 'invalid_code']);
  await enrolling.enter('A7UKY69PT', 'Fido2');
  assert.deepEqual([enrolling.state().stage, enrolling.state().error], ['challenged', undefined]);
});

test('a dialog that was closed leaves the challenge as it was', async () => {
  const { enrolling, asked, make } = begun();
  await enrolling.enter('A7UKY69PT', 'Fido2');
  const closed = new DOMException('', 'NotAllowedError');
  await enrolling.make('Phone', () => Promise.reject(closed));
  assert.deepEqual(
    [enrolling.state().stage, enrolling.state().error, enrolling.state().isHeld],
    ['challenged', closed, false],
  );
  await enrolling.make('Phone', make);
  assert.equal(enrolling.state().stage, 'added');
  assert.equal(asked.filter(({ path }) => path.endsWith('/init')).length, 1);
});

for (const [what, answer, isUncertain] of [
  ['silence', () => Promise.reject(new TypeError('fetch failed')), true],
  ['a server that is down', () => refuse(503, 'unavailable'), true],
  ['too many attempts', () => refuse(429, 'too_many_attempts'), false],
  ['a name that is refused', () => refuse(400, 'invalid_request'), false],
]) {
  test(`what was made is sent again as it is after ${what}`, async () => {
    const answers = [answer, () => credential];
    const { enrolling, asked, forgotten, make } = begun({ [VERIFY]: () => answers.shift()() });
    await enrolling.enter('A7UKY69PT', 'Fido2');
    await enrolling.make('Phone', make);
    assert.deepEqual(
      [enrolling.state().stage, enrolling.state().isHeld, enrolling.state().isUncertain],
      ['challenged', true, isUncertain],
    );
    await enrolling.make('Phone', make);
    assert.equal(enrolling.state().stage, 'added');
    assert.equal(make.times, 1);
    const [first, second] = asked.slice(1).map(({ body }) => body.credentialInfo.credId);
    assert.equal(first, second);
    assert.deepEqual(forgotten, []);
  });
}

test('what the server looked at and refused is dropped, unless it may be registered', async () => {
  const answers = [
    refuse(403, 'invalid_attestation'),
    refuse(503, 'unavailable'),
    refuse(403, 'invalid_attestation'),
  ];
  const { enrolling, forgotten, make } = begun({ [VERIFY]: () => answers.shift() });
  await enrolling.enter('A7UKY69PT', 'Fido2');
  await enrolling.make('Phone', make);
  assert.deepEqual(forgotten, ['app2 made-1']);
  await enrolling.make('Phone', make);
  await enrolling.make('Phone', make);
  assert.equal(make.times, 2);
  assert.deepEqual(forgotten, ['app2 made-1'], 'the second may have been carried out');
});

test('a challenge that is gone ends it', async () => {
  const { enrolling, forgotten, make } = begun({ [VERIFY]: () => refuse(403, 'invalid_challenge') });
  await enrolling.enter('A7UKY69PT', 'Fido2');
  await enrolling.make('Phone', make);
  assert.deepEqual([enrolling.state().stage, enrolling.state().error.code], ['refused', 'invalid_challenge']);
  assert.deepEqual(forgotten, ['app2 made-1']);
});

test('starting over closes the dialog, and what it made late is forgotten', async () => {
  const made = later();
  let dialog;
  const { enrolling, forgotten, asked } = begun();
  await enrolling.enter('A7UKY69PT', 'Fido2');
  const making = enrolling.make('Phone', (_, { signal }) => ((dialog = signal), made.promise));
  await settle();
  enrolling.startOver();
  assert.ok(dialog.aborted);
  made.resolve({ credentialInfo: { credId: 'late' } });
  await making;
  assert.deepEqual(forgotten, ['app2 late']);
  assert.equal(enrolling.state().stage, 'entering');
  assert.equal(asked.length, 1, 'and nothing was handed in');
});

test('an answer that comes late belongs to the attempt that asked', async () => {
  const answer = later();
  const { enrolling, make } = begun({ [VERIFY]: () => answer.promise });
  await enrolling.enter('A7UKY69PT', 'Fido2');
  const making = enrolling.make('Phone', make);
  await settle();
  enrolling.startOver();
  await enrolling.enter('BBBBBBBBB', 'Fido2');
  answer.resolve(credential);
  await making;
  const { stage, late } = enrolling.state();
  assert.equal(stage, 'challenged');
  assert.equal(late.credential.name, 'Phone');
});

test('a refusal that comes late is not told to another attempt', async () => {
  const answer = later();
  const { enrolling, make } = begun({ [VERIFY]: () => answer.promise });
  await enrolling.enter('A7UKY69PT', 'Fido2');
  const making = enrolling.make('Phone', make);
  await settle();
  enrolling.startOver();
  await enrolling.enter('BBBBBBBBB', 'Fido2');
  answer.resolve(refuse(403, 'invalid_challenge'));
  await making;
  assert.deepEqual([enrolling.state().stage, enrolling.state().error], ['challenged', undefined]);
});

test('what was added after all is on show, if nobody began another', async () => {
  const answer = later();
  const { enrolling, make } = begun({ [VERIFY]: () => answer.promise });
  await enrolling.enter('A7UKY69PT', 'Fido2');
  const making = enrolling.make('Phone', make);
  await settle();
  enrolling.startOver();
  answer.resolve(credential);
  await making;
  assert.equal(enrolling.state().stage, 'added');
});

test('while nobody answers it says so within three seconds, and asks again', async (t) => {
  const pass = holdTime(t);
  const silent = later();
  const answers = [
    () => Promise.reject(new TypeError('fetch failed')),
    () => ({ stage: 'pending', expiration: expiration() }),
    () => silent.promise,
  ];
  const { enrolling, make } = begun({ [VERIFY]: withApproval, [OUTCOME]: () => answers.shift()() });
  await enrolling.enter('A7UKY69PT', 'Fido2');
  const making = enrolling.make('Phone', make);
  const known = async (milliseconds) => {
    pass(milliseconds);
    await settle();
    const { stage, error } = enrolling.state();
    return [stage, error?.code];
  };
  assert.deepEqual(await known(0), ['pending', 'offline']);
  assert.deepEqual(await known(1_000), ['pending', undefined]);
  assert.deepEqual(await known(1_000), ['pending', undefined]);
  assert.deepEqual(await known(1_999), ['pending', 'timeout']);
  silent.resolve({ stage: 'added' });
  await making;
  assert.deepEqual(await known(0), ['added', undefined]);
});

test('a token that is refused leaves it uncertain', async () => {
  const { enrolling, forgotten, make } = begun({
    [VERIFY]: withApproval,
    [OUTCOME]: () => refuse(403, 'invalid_token'),
  });
  await enrolling.enter('A7UKY69PT', 'Fido2');
  await enrolling.make('Phone', make);
  assert.deepEqual([enrolling.state().stage, enrolling.state().isUncertain], ['refused', true]);
  assert.deepEqual(forgotten, [], 'it may have been added');
});

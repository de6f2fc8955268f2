// The owner's end says what the server says: live, after a reload, in a second tab. It adds nothing
// of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createClient } from '../../examples/onboarding/pages/modules/client.js';
import { createOwner } from '../../examples/onboarding/pages/modules/owner.js';
import { holdTime, setClock } from './platform.js';
import { later, refuse, serve, settle } from './server.js';

const at = (second) => new Date(Date.UTC(2030, 0, 1, 12, 0, second)).toISOString();
const enrolment = (id, stage, second = 0, more = {}) => ({
  id,
  stage,
  dateCreated: at(second),
  expiration: at(second + 60),
  ...more,
});
const LIST = 'GET /auth/credentials/enrolments';
const CREDENTIALS = 'GET /auth/credentials';
const MINT = 'POST /auth/credentials/code';

/** Creates an owner of these enrolments and credentials, and the function that changes them. */
function started(t, { enrolments = [], credentials = [], more = {} } = {}) {
  const pass = holdTime(t);
  const now = { enrolments, credentials };
  const answers = {
    [LIST]: () => ({ items: now.enrolments }),
    [CREDENTIALS]: () => ({ items: now.credentials }),
    ...more,
  };
  const { fetch, asked } = serve(answers);
  const owner = createOwner({ client: createClient({ fetch }) });
  const states = [];
  owner.subscribe((state) => states.push(state));
  owner.start();
  t.after(() => owner.stop());
  return {
    owner,
    now,
    answers,
    asked,
    states,
    tick: (milliseconds) => (pass(milliseconds), settle()),
  };
}

const stages = (owner) => owner.state().enrolments.map(({ id, stage }) => `${id} ${stage}`);

test('a listener hears what is and what comes, until it ends that', async (t) => {
  const { owner, now, states, tick } = started(t);
  await settle();
  assert.deepEqual(
    states.map(({ isLoaded }) => isLoaded),
    [false, true],
  );
  const heard = [];
  const end = owner.subscribe(({ enrolments }) => heard.push(enrolments.length));
  now.enrolments = [enrolment('en-1', 'opened')];
  await tick(1_000);
  end();
  now.enrolments = [];
  await tick(1_000);
  assert.deepEqual(heard, [0, 1]);
});

test('what began elsewhere is seen within a second, each under its id', async (t) => {
  const { owner, now, tick } = started(t, { enrolments: [enrolment('en-1', 'pending')] });
  await settle();
  assert.deepEqual(stages(owner), ['en-1 pending'], 'after a reload, too');
  now.enrolments = [enrolment('en-2', 'waiting', 5), enrolment('en-1', 'added')];
  now.credentials = [
    { name: 'old', dateCreated: at(1) },
    { name: 'new', dateCreated: at(2) },
  ];
  await tick(1_000);
  assert.deepEqual(stages(owner), ['en-2 waiting', 'en-1 added']);
  assert.deepEqual(
    owner.state().credentials.map(({ name }) => name),
    ['new', 'old'],
  );
});

test('a code is there where it was made, and as long as it can be entered', async (t) => {
  const minted = { code: 'A7U-KY6-9PT', enrolmentId: 'en-1', expiration: at(60) };
  const { owner, now, tick } = started(t, { more: { [MINT]: minted } });
  await settle();
  assert.equal(await owner.mint(), 'en-1');
  assert.equal(owner.state().enrolments[0].code, 'A7U-KY6-9PT');
  now.enrolments = [enrolment('en-1', 'waiting'), enrolment('en-2', 'waiting')];
  await tick(1_000);
  const codes = () => owner.state().enrolments.map(({ code }) => code);
  assert.deepEqual(codes(), ['A7U-KY6-9PT', undefined]);
  now.enrolments = [enrolment('en-1', 'opened'), enrolment('en-2', 'waiting')];
  await tick(1_000);
  assert.deepEqual(codes(), [undefined, undefined]);
  now.enrolments = [enrolment('en-1', 'waiting')];
  await tick(1_000);
  assert.equal(codes()[0], undefined, 'and it does not come back');
});

test('a server that refuses connections makes the list stale at once, and it stays', async (t) => {
  const { owner, answers, tick } = started(t, { enrolments: [enrolment('en-1', 'opened')] });
  await settle();
  answers[LIST] = () => Promise.reject(new TypeError('fetch failed'));
  await tick(1_000);
  const { isStale, error, enrolments } = owner.state();
  assert.deepEqual([isStale, error.code, enrolments.length], [true, 'offline', 1]);
  answers[LIST] = () => ({ items: [] });
  await tick(1_000);
  assert.equal(owner.state().isStale, false);
});

test('a server that says nothing makes the list stale within three seconds', async (t) => {
  const { owner, answers, tick } = started(t);
  await settle();
  const answer = later();
  answers[LIST] = () => answer.promise;
  await tick(1_000);
  assert.equal(owner.state().isStale, false);
  await tick(1_999);
  assert.equal(owner.state().isStale, true);
  answer.resolve({ items: [] });
  await settle();
  assert.equal(owner.state().isStale, false);
});

test('an answer that was asked for before a decision does not undo it', async (t) => {
  const open = enrolment('en-1', 'pending');
  const more = { 'POST /auth/credentials/enrolments/en-1/refuse': enrolment('en-1', 'refused') };
  const { owner, answers, tick } = started(t, { enrolments: [open], more });
  await settle();
  const old = later();
  answers[LIST] = () => old.promise;
  await tick(1_000);
  await owner.refuse('en-1');
  old.resolve({ items: [open] });
  await settle();
  assert.deepEqual(stages(owner), ['en-1 refused']);
});

test('no is a refusal of what was made, and an end of what was not', async (t) => {
  const enrolments = [
    enrolment('en-1', 'pending'),
    enrolment('en-2', 'opened'),
    enrolment('en-3', 'waiting'),
  ];
  const { owner, asked } = started(t, {
    enrolments,
    more: {
      'POST /auth/credentials/enrolments/en-1/refuse': enrolment('en-1', 'refused'),
      'DELETE /auth/credentials/enrolments/en-2': enrolment('en-2', 'revoked'),
      'DELETE /auth/credentials/enrolments/en-3': () => refuse(409, 'conflict', { stage: 'added' }),
      'GET /auth/credentials/enrolments/en-3': enrolment('en-3', 'added'),
    },
  });
  await settle();
  await owner.refuse('en-1');
  await owner.refuse('en-2');
  assert.equal(
    (await owner.refuse('en-3')).stage,
    'added',
    'what came of it before is told, and is no error',
  );
  assert.deepEqual(new Set(stages(owner)), new Set(['en-1 refused', 'en-2 revoked', 'en-3 added']));
  assert.equal(asked.filter(({ method }) => method === 'POST' || method === 'DELETE').length, 3);
});

test('all that is outstanding is ended at once, and nothing else', async (t) => {
  const enrolments = ['waiting', 'opened', 'pending', 'added', 'expired'].map((stage, at) =>
    enrolment(`en-${at}`, stage),
  );
  const more = Object.fromEntries(
    enrolments.map(({ id }) => [`DELETE /auth/credentials/enrolments/${id}`, enrolment(id, 'revoked')]),
  );
  const { owner, asked } = started(t, { enrolments, more });
  await settle();
  await owner.revokeAll();
  const ended = asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/').at(-1));
  assert.deepEqual(ended, ['en-0', 'en-1', 'en-2']);
});

test('a wrong number rejects, and what is left is known by then', async (t) => {
  const { owner, now } = started(t, {
    enrolments: [enrolment('en-1', 'pending', 0, { attemptsLeft: 3 })],
    more: {
      'POST /auth/credentials/enrolments/en-1/approve': () => {
        now.enrolments = [enrolment('en-1', 'pending', 0, { attemptsLeft: 2 })];
        return refuse(403, 'invalid_check_code');
      },
    },
  });
  await settle();
  await assert.rejects(owner.approve('en-1', '123456'), { code: 'invalid_check_code' });
  assert.equal(owner.state().enrolments[0].attemptsLeft, 2);
});

test('yes is what the server says, and the list shows it by then', async (t) => {
  const credential = { credentialUuid: 'cr-1', name: 'Phone', dateCreated: at(9) };
  const { owner, now, asked } = started(t, {
    enrolments: [enrolment('en-1', 'pending')],
    more: {
      'POST /auth/credentials/enrolments/en-1/approve': () => {
        now.enrolments = [enrolment('en-1', 'added', 0, { credential })];
        now.credentials = [credential];
        return credential;
      },
    },
  });
  await settle();
  await owner.approve('en-1', '123456');
  assert.deepEqual(stages(owner), ['en-1 added']);
  assert.equal(owner.state().credentials[0].name, 'Phone');
  assert.deepEqual(asked.find(({ path }) => path.endsWith('/approve')).body, { checkCode: '123456' });
});

test('what the server forgot in the middle is said to be unknown, and what had ended stays', async (t) => {
  const { owner, now, tick } = started(t, {
    enrolments: [enrolment('en-1', 'opened'), enrolment('en-2', 'added')],
  });
  await settle();
  now.enrolments = [];
  await tick(1_000);
  const [first, second] = owner.state().enrolments;
  assert.deepEqual([first.isForgotten, second.isForgotten, second.stage], [true, undefined, 'added']);
});

test('a change of the list is shown before it resolves', async (t) => {
  const { owner, now } = started(t, {
    credentials: [{ credentialUuid: 'cr-1', name: 'Phone', dateCreated: at(0) }],
    more: {
      'DELETE /auth/credentials/cr-1': () => ((now.credentials = []), {}),
    },
  });
  await settle();
  await owner.remove('cr-1');
  assert.deepEqual(owner.state().credentials, []);
});

test('the time that is left is not that of a clock that somebody sets', async (t) => {
  const set = setClock(t, Date.UTC(2030, 0, 1, 12));
  const minted = { code: 'A7U-KY6-9PT', enrolmentId: 'en-1', expiration: at(60) };
  const { fetch } = serve({
    [MINT]: minted,
    [LIST]: () =>
      Response.json({ items: [] }, { headers: { date: new Date(Date.UTC(2030, 0, 1, 12)).toUTCString() } }),
  });
  const owner = createOwner({ client: createClient({ fetch }) });
  await owner.mint();
  set(Date.UTC(2040, 0, 1));
  const left = owner.millisecondsLeft('en-1');
  assert.ok(left > 58_000 && left <= 60_000, `${left}`);
});

test('nothing is asked any more once it was stopped', async (t) => {
  const { owner, asked, tick } = started(t);
  await settle();
  owner.stop();
  const before = asked.length;
  await tick(60_000);
  assert.equal(asked.length, before);
});

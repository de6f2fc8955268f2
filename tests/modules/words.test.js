// Every refusal has words for the person who sees it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { Refusal } from '../../examples/onboarding/pages/modules/refusal.js';
import {
  explain,
  explainPasskey,
  explainSigning,
  KINDS,
  OUTCOMES,
  waitWords,
} from '../../examples/onboarding/pages/modules/words.js';

const document = JSON.parse(fs.readFileSync(new URL('../../src/openapi.json', import.meta.url), 'utf8'));
const codes = document.components.schemas.CredentialCodeErrorCode.enum;
/** Only developers of pages see these. */
const OURS = ['internal', 'method_not_allowed', 'payload_too_large', 'unsupported_media_type'];

test('every code of the server has words, but for those that only a page’s author meets', (t) => {
  const { mock } = t.mock.method(console, 'error', () => {});
  for (const code of [...codes, 'offline']) {
    const { title, text, next } = explain(new Refusal(code, 'message'));
    assert.ok(title && /[.!]$/.test(text), code);
    assert.match(next, /^(code|again|wait|other)$/);
    assert.equal(title === 'Something went wrong', OURS.includes(code), code);
  }
  assert.equal(mock.callCount(), OURS.length, 'developers see these');
});

test('what a browser refuses is told apart where a passkey is made and where it signs', () => {
  const closed = new DOMException('', 'NotAllowedError');
  assert.equal(explainPasskey(closed).title, 'No passkey was made');
  assert.equal(explainSigning(closed).title, 'No passkey was used');
  assert.match(explainPasskey(new DOMException('', 'InvalidStateError')).text, /^Good: /);
});

test('every outcome but yes and every kind has words', () => {
  const stages = document.components.schemas.CredentialCodeStage.enum;
  const open = ['waiting', 'opened', 'pending', 'added'];
  for (const stage of stages.filter((stage) => !open.includes(stage)))
    assert.ok(OUTCOMES[stage].title, stage);
  for (const kind of ['Fido2', 'Key', 'PasswordProtectedKey', 'RecoveryKey']) assert.ok(KINDS[kind], kind);
});

test('nothing that people read says credential, blank or authenticator', () => {
  const words = fs.readFileSync(
    new URL('../../examples/onboarding/pages/modules/words.js', import.meta.url),
    'utf8',
  );
  for (const [, text] of words.matchAll(/(?:title|text): ['`](.*?)['`],$/gm)) {
    assert.doesNotMatch(text, /credential|blank|authenticator/i);
  }
});

test('a wait is said as people say it', () => {
  const said = [0, 1, 2, 59, 60, 61, 120].map(waitWords);
  assert.deepEqual(said, [
    'a minute',
    'a second',
    '2 seconds',
    '59 seconds',
    'a minute',
    '2 minutes',
    '2 minutes',
  ]);
});

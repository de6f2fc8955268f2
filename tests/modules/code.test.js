// A code is found in any text that somebody pastes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { grouped, readCode } from '../../examples/onboarding/pages/modules/code.js';

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
  // A link that a mail program or a chat has passed through.
  'https://app2.example.com/enroll#75D%2DTEF%2DPPW',
  'https://app2.example.com/enroll#75D-TEF-PPW\nIt works for a minute.',
  'https://app2.example.com/enroll#75D-TEF-PPW Code: 75D-TEF-PPW',
  '75D-TEF-PPW (#1 of 2)',
  'code=75D-TEF-PPW',
  // Hyphens and spaces of every kind.
  '75D\u2011TEF\u2011PPW',
  '75D\u2212TEF\u2212PPW',
  '75D&#8209;TEF&#8209;PPW',
  '75D\u00adTEF\u00adPPW',
  '75D\u00a0TEF\u00a0PPW',
  '75D\tTEF\tPPW',
  '75D\nTEF\nPPW',
  '75D - TEF - PPW',
  '75D_TEF_PPW',
  '75D.TEF.PPW',
  '75D/TEF/PPW',
  '75D, TEF, PPW',
  // The forms that keyboards, editors and screen readers make of it.
  '\uff17\uff15\uff24\uff0d\uff34\uff25\uff26\uff0d\uff30\uff30\uff37',
  '\u202a75D-TEF-PPW\u202c',
  '**75D-TEF-PPW**',
  '<b>75D-TEF-PPW</b>',
  '7 5 D T E F P P W',
  '7-5-D-T-E-F-P-P-W',
  'Your code is 75D TEF PPW',
  'Enter this character code: 75DTEFPPW within a minute',
];

for (const typed of spellings) {
  test(`a code is found in ${JSON.stringify(typed)}`, () => assert.equal(readCode(typed), '75DTEFPPW'));
}

test('a longer code stays whole', () => assert.equal(readCode('75D-TEF-PPW-ABC'), '75DTEFPPWABC'));

const none = [
  '',
  '75D-TEF-PP',
  'Your code: 75D-TEF-PP',
  'I0O-I0O-I0O',
  '75D-TEF-PPW ABC-DEF-GHJ',
  'Your code',
  'use 75D TEF PPW for ada',
];
for (const typed of none) {
  test(`no code is found in ${JSON.stringify(typed)}`, () => assert.equal(readCode(typed), undefined));
}

test('a text that somebody made to keep the page busy is read in a moment', () => {
  const before = performance.now();
  for (const part of ['75D ', 'A', '- ', '75D-TEF-']) readCode(part.repeat(50_000));
  assert.ok(performance.now() - before < 1_000);
});

test('a code is shown in threes', () => {
  assert.equal(grouped('75DTEFPPW'), '75D-TEF-PPW');
  assert.equal(grouped('75D-TEF-PPW-ABC'), '75D-TEF-PPW-ABC');
});

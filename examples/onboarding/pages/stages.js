// How far a code has come, in the words of app 1. An enrolment is the state that the server told
// last.

import { element } from './page.js';
import { KINDS } from './modules/words.js';

/** How each of the three lines looks at each stage. */
const LINES = {
  waiting: ['now', 'next', 'next'],
  opened: ['done', 'now', 'next'],
  pending: ['done', 'done', 'now'],
  added: ['done', 'done', 'done'],
  refused: ['done', 'done', 'failed'],
  undone: ['done', 'done', 'failed'],
};

/** How each look is shown, and how it is read out. */
const LOOKS = {
  now: ['●', 'Now: '],
  next: ['○', 'Later: '],
  done: ['✓', 'Done: '],
  failed: ['✕', 'Ended: '],
};

/** Draws the three lines, if it is known how far it came and that still matters. */
export function drawLines(list, enrolment) {
  const looks = looksOf(enrolment);
  list.hidden = !looks;
  if (!looks) return list.replaceChildren();
  const texts = linesOf(enrolment);
  const items = looks.map((look, at) => {
    const [mark, spoken] = LOOKS[look];
    const dot = element('span', 'mark', mark);
    dot.ariaHidden = 'true';
    const item = element('li', look, dot, element('span', '', element('span', 'sr-only', spoken), texts[at]));
    if (look === 'now') item.ariaCurrent = 'step';
    return item;
  });
  list.replaceChildren(...items);
}

function looksOf({ stage, kind, isForgotten }) {
  if (isForgotten) return undefined;
  // An enrolment with a kind was opened.
  if (stage === 'expired') return kind ? ['done', 'failed', 'next'] : ['failed', 'next', 'next'];
  return LINES[stage];
}

function linesOf({ stage, kind, relyingPartyId }) {
  const what = nounOf(kind);
  const isMade = ['pending', 'added', 'refused', 'undone'].includes(stage);
  const last = { pending: 'Your answer', added: 'Added', refused: 'Not added', undone: 'Taken back' };
  return [
    kind ? 'Code entered' : stage === 'expired' ? 'Nobody entered the code in time' : 'Waiting for the code',
    isMade
      ? `The ${what} is made`
      : stage === 'opened'
        ? `Somebody makes a ${what} at ${relyingPartyId}`
        : stage === 'expired' && kind
          ? `No ${what} was made in time`
          : 'It is used in app 2',
    last[stage] ?? 'Then it is added',
  ];
}

/** Returns a kind in the middle of a sentence. */
export const nounOf = (kind) => (KINDS[kind] ?? 'way to sign in').toLowerCase();

/** Returns the words for an enrolment, by the server's time: a title and a text. */
export function wordsOf({ stage, kind, relyingPartyId, credential, expiration, isForgotten }, now) {
  if (isForgotten) {
    return ['We don’t know what became of the code', 'The server says nothing about it any more. Look at your list.'];
  }
  const what = nounOf(kind);
  // Clocks differ by a moment, even after the server's was asked.
  const isLapsed = stage === 'refused' && Date.parse(expiration) <= now + 1_000;
  const words = {
    waiting: [
      'A code is still open',
      'It was made in another window, or before this page was reloaded. Nobody has entered it yet.',
    ],
    opened: ['Somebody entered your code', `They make a ${what} with it now. Was it not you? Say so, and it ends at once.`],
    pending: [
      `Add this ${what}?`,
      'It will sign in as you. Say yes only if you made it yourself just now, on a device that you have before you.',
    ],
    added: ['', `This ${what} signs you in at ${relyingPartyId}.`],
    refused: isLapsed
      ? ['Nothing was added', 'Nobody said yes in time.']
      : ['Nothing was added', 'It was refused, and nothing of it is left.'],
    expired: kind
      ? ['Nothing was added in time', 'Somebody entered the code, and did not go on within five minutes.']
      : ['This code has expired', 'A code works for a minute, so that a lost one is worth nothing.'],
    revoked: ['Nothing was added', 'The code was ended. Nobody can use it any more.'],
    undone: [
      'It was taken back',
      credential ? `This ${what} signs nobody in any more.` : 'It signs nobody in any more.',
    ],
  };
  return words[stage];
}

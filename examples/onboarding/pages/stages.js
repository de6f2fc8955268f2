// How far a code has come, as app 1 shows it: `told` is an enrolment, as the server tells of it.

import { byId, element, factRows, nameOf, notice, problem } from './page.js';
import { KINDS } from './words.js';

/** The stages at which the user may say something of whoever entered the code. */
export const DECIDABLE = ['opened', 'pending'];
/** The stages after which another may come. */
export const OUTSTANDING = ['waiting', ...DECIDABLE];

/** How each of the three lines looks at each stage. */
const LINES = {
  waiting: ['now', '', ''],
  opened: ['done', 'now', ''],
  pending: ['done', 'done', 'now'],
  added: ['done', 'done', 'done'],
  refused: ['done', 'done', 'failed'],
  undone: ['done', 'done', 'failed'],
  // Nobody knows how far it came, or it does not matter any more.
  revoked: undefined,
  unreachable: undefined,
  forgotten: undefined,
};

export function showLines({ stage, kind, relyingPartyId }) {
  // An enrolment with a kind was opened.
  const lines = stage === 'expired' ? (kind ? ['done', 'failed', ''] : ['failed', '', '']) : LINES[stage];
  byId('stages').hidden = !lines;
  if (!lines) return;
  const isExpired = stage === 'expired';
  const last = { pending: 'Your answer', refused: 'Nothing added', undone: 'Taken back' }[stage];
  const words = [
    stage === 'waiting' ? 'Waiting for the code' : kind ? 'Code entered' : 'Nobody entered it in time',
    isExpired && kind ? 'Nothing was made in time' : `Opened at ${relyingPartyId ?? 'the other app'}`,
    last ?? 'Credential added',
  ];
  for (const [at, item] of [...byId('stages').children].entries()) {
    item.className = lines[at];
    if (item.className === 'now') item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
    item.querySelector('.words').textContent = words[at];
  }
}

/** What to say of it, by the server's time: a title and a text. */
export function outcomeWords({ stage, kind, relyingPartyId, expiration }, now) {
  const what = (KINDS[kind] ?? 'credential').toLowerCase();
  // Clocks differ by a moment, also when the server's was asked.
  const isLapsed = stage === 'refused' && Date.parse(expiration) <= now + 1_000;
  const words = {
    expired: kind
      ? ['Nothing was added in time', 'The code was entered, but nobody went on within five minutes.']
      : ['This code has expired', 'Codes work for a minute, so that a lost one is worth nothing.'],
    opened: [
      'Continue on the other device',
      'The code was entered, and can’t be used again. If this isn’t you, say so.',
    ],
    pending: [
      `Add this ${what}?`,
      'It will sign in as you. Say yes only if you made it just now, on a device that you have before you.',
    ],
    refused: isLapsed
      ? ['Nothing was added', 'Nobody approved it in time.']
      : ['Nothing was added', 'It was refused, and nothing of it is left.'],
    revoked: ['Nothing was added', 'The code was ended. Nobody can use it any more.'],
    undone: ['It was taken back', 'It signs nobody in any more.'],
    unreachable: [
      'We can’t reach the server',
      'So we don’t know what became of the code. Look at your list.',
    ],
    forgotten: [
      'We don’t know what became of the code',
      'The server says nothing about it any more. Look at your list.',
    ],
    added: [' was added', `This ${what} signs you in at ${relyingPartyId}.`],
  };
  return words[stage];
}

/** Who entered the code. The browser says of itself what it is, so that proves nothing. */
export function showAsker({ kind, relyingPartyId, credential, opened, expiration }, isOpen) {
  byId('asker').hidden = !isOpen;
  if (!isOpen) return;
  const facts = {
    What: KINDS[kind] ?? kind,
    Name: credential && nameOf(credential.name),
    Site: relyingPartyId,
    From: [opened.place ?? 'Unknown device', opened.source].filter(Boolean).join(', '),
    'Code entered': timeOf(opened.dateCreated),
    'Answer by': credential && timeOf(expiration),
  };
  const known = Object.entries(facts).filter(([, fact]) => fact);
  byId('asker').replaceChildren(...factRows(Object.fromEntries(known)));
}

/** A time of the server's, of today. */
function timeOf(date) {
  const time = element('time', '', new Date(date).toLocaleTimeString('en', { timeStyle: 'medium' }));
  time.dateTime = date;
  return time;
}

/** From when the code was entered, the user may say that it wasn't them. */
export function showDecision({ stage, checkCodeAsked }, isOpen) {
  byId('decision').hidden = !isOpen;
  byId('approve').hidden = stage !== 'pending';
  byId('digits-field').hidden = !checkCodeAsked;
  byId('digits').value = '';
  problem(byId('digits'), '');
  notice(byId('decision-problem'));
}

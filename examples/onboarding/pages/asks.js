// A card for everything that codes have begun: who asks, what the user answers, what came of it.

import { announce, busy, byId, copyOf, element, factRows, nameOf, notice, partsOf, problem } from './page.js';
import { DECIDABLE } from './modules/owner.js';
import { explain, KINDS } from './modules/words.js';
import { drawLines, wordsOf } from './stages.js';

const TRIES = { 1: 'one try', 2: 'two tries', 3: 'three tries' };

/**
 * Ties the cards to their actions. `again` makes a new code in place of this one, `close` ends it,
 * and `endAll` ends all. `disown` takes back what was added. `makerOf` names the authenticator of
 * an enrolment, if it is known.
 */
export function createAsks({ owner, serverNow, makerOf, again, close, endAll, disown }) {
  const cards = new Map();

  function make(id) {
    const card = copyOf('ask', id);
    const parts = partsOf(card);
    const made = { card, parts, id, looks: undefined, enrolment: undefined, isRefusedHere: false };
    const press = (part, work) => parts[part].addEventListener('click', () => busy(parts[part], () => work(made)));
    press('close', ({ enrolment }) => close(enrolment));
    press('again', ({ enrolment }) => again(enrolment));
    press('disown', ({ enrolment }) => disown(enrolment.credential));
    press('refuse', refuse);
    parts.decision.addEventListener('submit', (event) => {
      event.preventDefault();
      busy(parts.approve, () => approve(made));
    });
    return made;
  }

  /** A key of the user's signs the yes, because it adds a credential as a code does. */
  async function approve({ id, parts, enrolment }) {
    const { digits } = parts;
    const isAsked = enrolment.checkCodeAsked;
    const checkCode = digits.value.replace(/\D/g, '');
    notice(parts.problem);
    if (isAsked && problem(digits, checkCode.length === 6 ? '' : 'The number has six digits.')) return;
    try {
      await owner.approve(id, isAsked ? checkCode : undefined);
    } catch (error) {
      if (error.code === 'duplicate_credential') notice(byId('problem'), explain(error));
      // It was decided meanwhile, and the page shows how.
      if (stageOf(id) !== 'pending') return;
      if (error.code !== 'invalid_check_code') return notice(parts.problem, explain(error));
      digits.value = '';
      const words = `That isn’t the number. ${parts.tries.textContent}`;
      problem(digits, words);
      announce(words);
    }
  }

  /** The user says no, which needs no signature. Then nothing else of theirs stays open. */
  async function refuse(made) {
    notice(made.parts.problem);
    made.isRefusedHere = true;
    try {
      await owner.refuse(made.id);
      await endAll();
    } catch (error) {
      notice(made.parts.problem, explain(error));
    }
  }

  const stageOf = (id) => owner.state().enrolments.find((known) => known.id === id)?.stage;

  /** Returns what was added within the hour, as far as it is still there. */
  function newcomers() {
    const { enrolments, credentials } = owner.state();
    const added = enrolments.filter(({ stage }) => stage === 'added').map(({ credential }) => credential.credentialUuid);
    return credentials.filter(({ credentialUuid }) => added.includes(credentialUuid));
  }

  function draw(made, enrolment) {
    const { parts } = made;
    const maker = makerOf(enrolment);
    const recent = made.isRefusedHere ? newcomers() : [];
    const added = enrolment.credential?.credentialUuid;
    const isThere = owner.state().credentials.some(({ credentialUuid }) => credentialUuid === added);
    const looks = JSON.stringify([enrolment, maker, recent, isThere]);
    if (looks === made.looks) return;
    const isMoved = made.enrolment?.stage !== enrolment.stage || made.enrolment?.isForgotten !== enrolment.isForgotten;
    Object.assign(made, { looks, enrolment });
    const { stage } = enrolment;
    const isOpen = DECIDABLE.includes(stage) && !enrolment.isForgotten;
    const [title, text] = wordsOf(enrolment, serverNow());
    parts.title.replaceChildren(...(stage === 'added' ? [nameOf(enrolment.credential.name), ' was added'] : [title]));
    parts.text.textContent = made.isRefusedHere && stage !== 'added' && !isOpen ? `${text} No other code is open.` : text;
    drawFacts(parts.facts, enrolment, maker, isOpen || stage === 'added');
    // Before a code is entered, the text says everything.
    if (stage !== 'waiting') drawLines(parts.stages, enrolment);
    drawNewcomers(parts.newcomers, recent);
    parts.decision.hidden = !isOpen;
    parts.approve.hidden = stage !== 'pending';
    parts.digitsField.hidden = !enrolment.checkCodeAsked;
    parts.tries.textContent = enrolment.checkCodeAsked ? `You have ${TRIES[enrolment.attemptsLeft]} left.` : '';
    parts.again.textContent = stage === 'added' ? 'Add another' : 'Make a new code';
    parts.again.hidden = isOpen || stage === 'waiting';
    parts.disown.hidden = stage !== 'added' || !isThere;
    parts.actions.hidden = parts.again.hidden && parts.disown.hidden;
    made.card.className = `card ask ${enrolment.isForgotten ? 'forgotten' : stage}`;
    if (isMoved) notify(made, isOpen);
  }

  function drawNewcomers(place, recent) {
    place.hidden = recent.length === 0;
    const rows = recent.map((credential) => {
      const button = element('button', 'secondary', 'Remove ', nameOf(credential.name));
      button.type = 'button';
      button.addEventListener('click', () => disown(credential));
      return button;
    });
    place.replaceChildren(element('p', '', 'This was added within the last hour. Was it not you either?'), ...rows);
  }

  /** Draws a card for each of these. */
  return function drawAll(enrolments) {
    const ids = enrolments.map(({ id }) => id);
    for (const [id, { card }] of cards) {
      if (ids.includes(id)) continue;
      card.remove();
      cards.delete(id);
    }
    for (const [at, enrolment] of enrolments.entries()) {
      const made = cards.get(enrolment.id) ?? make(enrolment.id);
      cards.set(enrolment.id, made);
      const there = byId('asks').children[at];
      if (there !== made.card) byId('asks').insertBefore(made.card, there ?? null);
      draw(made, enrolment);
    }
  };
}

/** Announces a change. Where the user decides, the focus goes to the safe answer. */
function notify({ parts, card }, isOpen) {
  announce(`${parts.title.textContent}. ${parts.text.textContent}`);
  const focused = document.activeElement;
  const isLost = !focused || focused === document.body || focused.getClientRects().length === 0;
  // The focus never leaves a field where somebody types, or another decision.
  const isElsewhere = !isLost && !card.contains(focused) && focused.closest('dialog, input, select, form');
  if (isOpen && !isElsewhere) {
    parts.refuse.focus();
    // The card may have had the focus before, and stood higher.
    return parts.decision.scrollIntoView({ block: 'nearest' });
  }
  if (isLost || (card.contains(focused) && !isOpen)) parts.title.focus();
}

/** Draws who asks. What browsers and authenticators say of themselves proves nothing. */
function drawFacts(list, { kind, relyingPartyId, credential, opened, expiration, stage }, maker, isShown) {
  list.hidden = !isShown || !opened;
  if (list.hidden) return list.replaceChildren();
  const isPending = stage === 'pending';
  const facts = {
    What: [KINDS[kind] ?? kind, maker && (maker.isSynced ? 'synced' : 'on one device')].filter(Boolean).join(', '),
    'Made by': maker?.provider,
    'Calls itself': isPending && nameOf(credential.name),
    Site: relyingPartyId,
    Browser: opened.place ?? 'Unknown',
    Address: opened.source,
    'Code entered': timeOf(opened.dateCreated),
    'Answer by': isPending && timeOf(expiration),
  };
  const known = Object.entries(facts).filter(([, fact]) => fact);
  list.replaceChildren(...factRows(Object.fromEntries(known)));
}

/** Returns a time of the server's, of today. */
function timeOf(date) {
  const time = element('time', '', new Date(date).toLocaleTimeString('en', { timeStyle: 'medium' }));
  time.dateTime = date;
  return time;
}


// Shows on the page the mails that a real application sends.

import { byId, element } from './page.js';

/** How many are shown. */
const SHOWN = 5;

let drawn = '';

/** Draws a user's mails, the newest first. */
export function drawMails(mails) {
  const looks = JSON.stringify(mails);
  byId('mail').hidden = mails.length === 0;
  if (looks === drawn) return;
  drawn = looks;
  byId('mails').replaceChildren(...mails.slice(0, SHOWN).map(mailItem));
}

function mailItem({ date, subject, text, undo }) {
  const time = element('time', '', new Date(date).toLocaleTimeString('en', { timeStyle: 'short' }));
  time.dateTime = new Date(date).toISOString();
  const item = element(
    'li',
    'mail',
    element('p', 'mail-head', element('strong', '', subject), time),
    element('p', 'mail-text', text),
  );
  if (undo) item.append(undoLink(undo));
  return item;
}

/** It opens the page that asks first. */
function undoLink(address) {
  const link = element('a', 'link', 'Was it not you? Take it back');
  link.href = address;
  link.target = '_blank';
  link.rel = 'noreferrer';
  return link;
}

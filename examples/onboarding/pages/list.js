// The user's ways to sign in, a row each. A row stays the same element while it is there. So nobody
// loses the focus when something else changes.

import { busy, byId, copyOf, element, nameOf, partsOf } from './page.js';
import { KINDS } from './modules/words.js';

const ACTIONS = ['rename', 'toggle', 'remove', 'disown'];

/** `ownId` is the key of this browser. `changes` has the actions of a row's buttons. */
export function createList({ ownId, changes }) {
  const rows = new Map();

  function make(uuid) {
    const item = copyOf('row', uuid);
    const row = { item, parts: partsOf(item), credential: undefined, looks: undefined };
    for (const action of ACTIONS) {
      const button = row.parts[action];
      button.addEventListener('click', () => busy(button, () => changes[action](row.credential)));
    }
    const { more } = row.parts;
    more.addEventListener('keydown', ({ key }) => {
      if (key !== 'Escape' || !more.open) return;
      more.open = false;
      more.querySelector('summary').focus();
    });
    return row;
  }

  function draw(row, credential, isNew) {
    const looks = JSON.stringify([credential, isNew]);
    if (looks === row.looks) return;
    Object.assign(row, { credential, looks });
    const { parts } = row;
    const isOwn = credential.credentialId === ownId();
    const tags = [
      isOwn && ['tag own', 'This browser'],
      isNew && ['tag', 'New'],
      !credential.isActive && ['tag off', 'Deactivated'],
    ].filter(Boolean);
    parts.kind.className = `kind kind-${credential.kind}`;
    parts.name.replaceChildren(nameOf(credential.name), ...tags.map(([look, text]) => element('span', look, text)));
    parts.spoken.replaceChildren(' ', nameOf(credential.name));
    const known = [madeBy(credential), reach(credential)].filter(Boolean).flatMap((text) => [' · ', text]);
    const domain = element('span', 'domain', credential.relyingPartyId);
    parts.meta.replaceChildren(KINDS[credential.kind] ?? credential.kind, ' for ', domain, ...known);
    parts.dates.replaceChildren(...datesOf(credential));
    parts.toggle.textContent = credential.isActive ? 'Deactivate' : 'Activate';
    // The key that signs the change can't deactivate itself, and its user is here.
    parts.toggle.hidden = isOwn;
    parts.disown.hidden = isOwn;
    row.item.classList.toggle('off', !credential.isActive);
  }

  /** Draws these credentials. `news` are the uuids of those that were added within the hour. */
  return function drawAll(credentials, news) {
    const uuids = credentials.map(({ credentialUuid }) => credentialUuid);
    for (const [uuid, { item }] of rows) {
      if (uuids.includes(uuid)) continue;
      const hadFocus = item.contains(document.activeElement);
      item.remove();
      rows.delete(uuid);
      if (hadFocus) byId('title').focus();
    }
    for (const [at, credential] of credentials.entries()) {
      const uuid = credential.credentialUuid;
      const row = rows.get(uuid) ?? make(uuid);
      rows.set(uuid, row);
      const there = byId('credentials').children[at];
      if (there !== row.item) byId('credentials').insertBefore(row.item, there ?? null);
      draw(row, credential, news.has(uuid));
    }
    byId('list').hidden = false;
  };
}

const madeBy = ({ provider }) => provider;

/** Tells whether other devices have it, too. Only a passkey says so. */
function reach({ isSynced }) {
  if (isSynced === undefined) return undefined;
  return isSynced ? 'synced to your devices' : 'on one device only';
}

function datesOf({ dateCreated, lastUsed }) {
  const added = ['Added ', timeOf(new Date(dateCreated))];
  return lastUsed ? [...added, ' · last used ', timeOf(new Date(lastUsed))] : [...added, ' · not used yet'];
}

function timeOf(date) {
  const time = element('time', '', date.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' }));
  time.dateTime = date.toISOString();
  return time;
}

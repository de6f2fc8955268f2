// Changes of a way to sign in: its name, whether it works, whether it is there. This browser's key
// signs each change.

import { busy, byId, nameOf, notice, problem } from './page.js';
import { forgetPasskey } from './modules/passkeys.js';
import { explain } from './modules/words.js';

/** Says what stops working once a credential is gone. */
const LOSSES = {
  Fido2: ({ relyingPartyId }) =>
    `This passkey will no longer sign you in at ${relyingPartyId}. If a device still offers it afterwards, delete it there, too.`,
  RecoveryKey: ({ relyingPartyId }) =>
    `Its printed code will no longer bring you back at ${relyingPartyId}: throw the paper away.`,
  PasswordProtectedKey: ({ relyingPartyId }) => `Its password will no longer sign you in at ${relyingPartyId}.`,
  Key: () => 'The program that signs with this key will be refused.',
};

const OWN_LOSS = 'You will be signed out in this browser. It can make no codes and add nothing any more.';

/** `tell` says what was done, `endAll` ends every code, `leave` signs this browser out. */
export function createChanges({ owner, ownId, endAll, tell, leave }) {
  /** The credential that the open dialog is about. */
  let chosen;

  async function toggle({ credentialUuid, isActive, name }) {
    notice(byId('problem'));
    try {
      await (isActive ? owner.deactivate : owner.activate)(credentialUuid);
      const text = isActive ? 'It signs nobody in until you activate it again.' : 'It signs you in again.';
      tell({ title: [nameOf(name), isActive ? ' is deactivated' : ' is active'], text });
    } catch (error) {
      notice(byId('problem'), explain(error));
    }
  }

  function rename(credential) {
    chosen = credential;
    byId('renaming-name').textContent = credential.name;
    byId('new-name').value = credential.name;
    problem(byId('new-name'), '');
    notice(byId('rename-problem'));
    byId('renaming').showModal();
    byId('new-name').select();
  }

  async function doRename() {
    const { credentialUuid } = chosen;
    const name = byId('new-name').value.replace(/\p{Cc}+/gu, ' ').trim();
    notice(byId('rename-problem'));
    if (problem(byId('new-name'), name ? '' : 'Give it a name.')) return;
    try {
      await owner.rename(credentialUuid, name);
      byId('renaming').close();
      tell({ title: ['It is called ', nameOf(name), ' now'], text: 'The name is for you alone: it helps you to tell them apart.' });
    } catch (error) {
      notice(byId('rename-problem'), error.code === 'invalid_request' ? BAD_NAME : explain(error));
    }
  }

  const isOwn = ({ credentialId }) => credentialId === ownId();

  function openRemoval(credential, { title, text, button, keep, isDisowned }) {
    chosen = { ...credential, isDisowned };
    byId('removing-title').replaceChildren(...title);
    byId('removing-text').textContent = text;
    byId('remove').textContent = button;
    byId('removing').querySelector('[data-cancel]').textContent = keep;
    notice(byId('remove-problem'));
    byId('removing').showModal();
    // A careless Enter takes nothing away, unless somebody else added it.
    (isDisowned ? byId('remove') : byId('removing').querySelector('[data-cancel]')).focus();
  }

  const remove = (credential) =>
    openRemoval(credential, {
      title: ['Remove ', nameOf(credential.name), '?'],
      text: `${isOwn(credential) ? OWN_LOSS : LOSSES[credential.kind](credential)} You can’t take that back.`,
      button: 'Remove it',
      keep: 'Keep it',
      isDisowned: false,
    });

  const disown = (credential) =>
    openRemoval(credential, {
      title: ['You did not add ', nameOf(credential.name), '?'],
      text: 'We remove it, and end every code that is open. Nobody signs in with it any more. You can’t take that back.',
      button: 'Remove it',
      keep: 'It was me',
      isDisowned: true,
    });

  async function doRemove() {
    const { credentialUuid, credentialId, relyingPartyId, kind, name, isDisowned } = chosen;
    const isLeaving = isOwn(chosen);
    notice(byId('remove-problem'));
    try {
      if (isDisowned) await endAll();
      await owner.remove(credentialUuid);
    } catch (error) {
      // Somebody was faster.
      if (error.code !== 'not_found') return notice(byId('remove-problem'), explain(error));
    }
    byId('removing').close();
    // So no device goes on offering a passkey that opens nothing.
    if (kind === 'Fido2') await forgetPasskey(relyingPartyId, credentialId);
    if (isLeaving) return leave();
    const text = isDisowned
      ? 'No code is open any more. Look whether you know everything else in your list.'
      : 'It signs nobody in any more.';
    tell({ title: [nameOf(name), ' is removed'], text });
  }

  for (const id of ['renaming', 'removing']) {
    const dialog = byId(id);
    dialog.querySelector('[data-cancel]').addEventListener('click', () => dialog.close());
  }
  onSubmit('rename-form', 'rename', doRename);
  onSubmit('remove-form', 'remove', doRemove);

  return { rename, toggle, remove, disown };
}

const BAD_NAME = { title: 'That is no name', text: 'It needs a letter or digit, and nothing that turns text around.' };

function onSubmit(form, button, work) {
  byId(form).addEventListener('submit', (event) => {
    event.preventDefault();
    busy(byId(button), work);
  });
}

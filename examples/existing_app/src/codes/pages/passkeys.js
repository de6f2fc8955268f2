// App 1: the user sees, renames and removes their passkeys, and mints codes.

import { signIn } from './app.js';
import { createClient } from './modules/client.js';
import { passkeySigner } from './modules/signing.js';

const byId = (id) => document.getElementById(id);
const say = (text) => (byId('status').textContent = text);

/**
 * The session's cookie says who asks, and a passkey signs. Asks for a new sign-in if the old one is
 * too old.
 */
const client = createClient({ sign: passkeySigner(), stepUp: () => signIn('optional') });

/** Does what a button is for, and says what went wrong. */
const doing = (button, what) =>
  button.addEventListener('click', async () => {
    say('');
    try {
      await what();
    } catch (error) {
      say(error.message);
    }
  });

function button(text, name, what) {
  const made = document.createElement('button');
  made.textContent = text;
  made.setAttribute('aria-label', `${text} ${name}`);
  doing(made, async () => {
    await what();
    await list();
  });
  return made;
}

async function list() {
  const passkeys = await client.credentials();
  byId('passkeys').replaceChildren(
    ...passkeys.map(({ credentialUuid, name }) => {
      const item = document.createElement('li');
      const shown = document.createElement('bdi');
      shown.textContent = name;
      const rename = button('Rename', name, async () => {
        const wanted = prompt('Its new name', name);
        if (wanted) await client.rename(credentialUuid, wanted);
      });
      item.append(
        shown,
        ' ',
        rename,
        ' ',
        button('Remove', name, () => client.remove(credentialUuid)),
      );
      return item;
    }),
  );
}

async function add() {
  const { origins } = await client.send('GET', '/.well-known/webauthn');
  const { code } = await client.mint();
  const link = `${origins.at(-1)}/enroll`;
  byId('code').textContent = code;
  // The code is in the fragment, which browsers send to no server.
  byId('app2').href = `${link}#${code}`;
  byId('app2').textContent = link;
  byId('shown').hidden = false;
}

doing(byId('add'), add);
byId('add').disabled = false;
list().catch((error) => say(error.message));

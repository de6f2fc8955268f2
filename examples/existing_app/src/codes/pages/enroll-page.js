// App 2: a code becomes a passkey. The page sends the two steps to app 1, the first of the related
// origins.

import { createClient } from './modules/client.js';
import { readCode } from './modules/code.js';
import { createPasskey } from './modules/passkeys.js';
import { Refusal } from './modules/refusal.js';

const byId = (id) => document.getElementById(id);
const { origins } = await (await fetch('/.well-known/webauthn')).json();
const client = createClient({ baseUrl: origins[0], credentials: 'omit' });

/** An open challenge. A person who cancels the dialog may try again. */
let challenge;

async function add() {
  challenge ??= await client.exchange(readCode(byId('code').value) ?? '', 'Fido2');
  await client.register(challenge, byId('name').value, await createPasskey(challenge));
  challenge = undefined;
}

byId('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  byId('add').disabled = true;
  try {
    await add();
    byId('status').textContent = 'The passkey was added. It signs you in here.';
  } catch (error) {
    // A refusal of the server ends the challenge. A refusal of the browser does not.
    if (error instanceof Refusal) challenge = undefined;
    byId('status').textContent = error.message;
  }
  byId('add').disabled = false;
});

byId('code').value = decodeURIComponent(location.hash.slice(1));
// Removes the code from the address.
history.replaceState(null, '', location.pathname);
byId('add').disabled = false;

// App 2: a code becomes a passkey. The two steps are asked at app 1, the first of the related origins.

import { createPasskey, post, readCode } from './enroll.js';

const byId = (id) => document.getElementById(id);
const { origins } = await (await fetch('/.well-known/webauthn')).json();
const api = `${origins[0]}/auth/credentials/code`;

/** An open challenge: a person who cancels the dialog may try again. */
let challenge;

async function add() {
  const code = readCode(byId('code').value);
  challenge ??= await post(`${api}/init`, { code: code ?? '', credentialKind: 'Fido2' });
  const credentialInfo = await createPasskey(challenge);
  const { challengeIdentifier } = challenge;
  const credentialName = byId('name').value;
  await post(`${api}/verify`, { challengeIdentifier, credentialKind: 'Fido2', credentialName, credentialInfo });
  challenge = undefined;
}

byId('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  byId('add').disabled = true;
  try {
    await add();
    byId('status').textContent = 'The passkey was added. It signs you in here.';
  } catch (error) {
    // A refusal ends the challenge; what the browser refuses does not.
    if (error.code !== undefined && error.name === 'Refusal') challenge = undefined;
    byId('status').textContent = error.message;
  }
  byId('add').disabled = false;
});

byId('code').value = decodeURIComponent(location.hash.slice(1));
// The code does not stay in the address.
history.replaceState(null, '', location.pathname);
byId('add').disabled = false;

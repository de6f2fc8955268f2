// Signs in with a passkey. Makes the first passkey with the code behind the # of the address.

const byId = (id) => document.getElementById(id);
const say = (text) => (byId('said').textContent = text);
/** Returns the words for an error. The browser's words for a closed dialog help nobody. */
const words = ({ name, message }) => (name === 'NotAllowedError' ? 'No passkey was used. Try again.' : message);

async function post(path, body = {}) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error?.message ?? 'Something went wrong. Try again.');
  return answer;
}

/** The one dialog, or list of passkeys, that is open. The browser has no room for a second. */
let open = new AbortController();
let renewal;

function close() {
  open.abort();
  open = new AbortController();
  clearTimeout(renewal);
  return open.signal;
}

/** Waits under the field, as `conditional`, or asks at once. */
async function signIn(mediation) {
  const signal = close();
  try {
    const { challengeIdentifier, publicKey } = await post('/sign-in/init');
    const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
    // A page may stay open for longer than a challenge lives.
    if (mediation === 'conditional') renewal = setTimeout(offer, 0.9 * publicKey.timeout);
    const credential = await navigator.credentials.get({ publicKey: options, mediation, signal });
    await post('/sign-in', { challengeIdentifier, credential: credential.toJSON() });
    await show();
  } catch (error) {
    if (signal.aborted) return;
    say(words(error));
    // Not at once: otherwise it would ask an authenticator that always fails for ever.
    if (mediation !== 'conditional') await offer();
  }
}

/** Lets the field offer passkeys, where the browser can. */
async function offer() {
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) await signIn('conditional');
}

/** The challenge that the code bought. If the dialog was cancelled, it may come again. */
let challenge;

async function addFirst() {
  try {
    const code = location.hash.slice(1);
    challenge ??= await post('/auth/credentials/code/init', { code, credentialKind: 'Fido2' });
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(challenge.publicKey);
    const { id, response } = (await navigator.credentials.create({ publicKey: options })).toJSON();
    await post('/auth/credentials/code/verify', {
      credentialKind: 'Fido2',
      credentialName: 'First passkey',
      challengeIdentifier: challenge.challengeIdentifier,
      credentialInfo: { credId: id, clientData: response.clientDataJSON, attestationData: response.attestationObject },
    });
    challenge = undefined;
    history.replaceState(null, '', '/');
    say('Your passkey is there. Sign in with it.');
  } catch (error) {
    say(words(error));
  }
  await show();
}

async function show() {
  close();
  const { user } = await (await fetch('/sign-in')).json();
  const isNew = location.hash.length > 1;
  byId('in').hidden = !user;
  byId('new').hidden = Boolean(user) || !isNew;
  byId('out').hidden = Boolean(user) || isNew;
  byId('user').textContent = user ?? '';
  if (user) say('');
  else if (!isNew) offer();
}

byId('sign-in').addEventListener('click', () => signIn('optional'));
byId('add').addEventListener('click', addFirst);
byId('sign-out').addEventListener('click', async () => {
  await fetch('/sign-out', { method: 'POST' });
  say('');
  await show();
});
addEventListener('hashchange', show);
show();

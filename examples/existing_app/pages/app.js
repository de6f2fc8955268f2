// Sign-up, and sign-in with a passkey that the browser offers in the field for the name.

const byId = (id) => document.getElementById(id);
const say = (text) => (byId('status').textContent = text);

/** Sends JSON and returns the answer. */
export async function post(path, body = {}) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

/** Ends the offer in the field. The offer is open until somebody takes it. */
let offer = new AbortController();

/**
 * Signs in. `mediation` is `conditional` for the offer in the field, or `optional` for a dialog.
 */
export async function signIn(mediation) {
  offer.abort();
  offer = new AbortController();
  const { publicKey } = await post('/sign-in/start');
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  const credential = await navigator.credentials.get({ publicKey: options, mediation, signal: offer.signal });
  await post('/sign-in/finish', credential.toJSON());
}

async function signUp(name) {
  offer.abort();
  const { publicKey } = await post('/sign-up/start', { name });
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
  const credential = await navigator.credentials.create({ publicKey: options });
  await post('/sign-up/finish', credential.toJSON());
}

async function showWho() {
  const response = await fetch('/me');
  const isSignedIn = response.ok;
  byId('form').hidden = isSignedIn;
  byId('sign-out').hidden = !isSignedIn;
  say(isSignedIn ? `Signed in as ${(await response.json()).name}` : '');
  return isSignedIn;
}

/** Does something, and shows the person how it ended. */
async function doing(what) {
  try {
    await what();
    await showWho();
  } catch (error) {
    if (error.name !== 'AbortError') say(error.message);
  }
}

if (byId('form')) {
  byId('form').addEventListener('submit', (event) => {
    event.preventDefault();
    doing(() => signUp(byId('name').value));
  });
  byId('sign-out').addEventListener('click', () => doing(() => post('/sign-out')));
  if (!(await showWho())) doing(() => signIn('conditional'));
}

// App 1: the user sees, renames and removes their passkeys, and mints codes.

import { signIn } from './app.js';
import { toBase64url } from './enroll.js';

const byId = (id) => document.getElementById(id);
const say = (text) => (byId('status').textContent = text);
const api = '/auth/credentials';

/** Asks with the session's cookie, and reads the answer. */
async function ask(method, path, body, headers = {}) {
  const type = { 'content-type': 'application/json' };
  const response = await fetch(path, { method, headers: { ...type, ...headers }, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.message), { code: answer.error?.code });
}

/** Sends what a passkey of the user has signed: this method, this path and this body. */
async function sign(method, path, body) {
  const challenge = await ask('POST', '/auth/action/init', {
    userActionPayload: body ? JSON.stringify(body) : '',
    userActionHttpMethod: method,
    userActionHttpPath: path,
  });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({
    challenge: challenge.challenge,
    rpId: challenge.rp.id,
    allowCredentials: challenge.allowCredentials.webauthn,
    userVerification: challenge.userVerification,
  });
  const { id, response } = await navigator.credentials.get({ publicKey });
  const credentialAssertion = {
    credId: id,
    clientData: toBase64url(response.clientDataJSON),
    authenticatorData: toBase64url(response.authenticatorData),
    signature: toBase64url(response.signature),
    userHandle: toBase64url(response.userHandle ?? new ArrayBuffer()),
  };
  const { userAction } = await ask('POST', '/auth/action', {
    challengeIdentifier: challenge.challengeIdentifier,
    firstFactor: { kind: 'Fido2', credentialAssertion },
  });
  return ask(method, path, body, { 'x-dfns-useraction': userAction });
}

/** Does it; if the sign-in is too old, once more after a new one. */
async function signFreshly(method, path, body) {
  try {
    return await sign(method, path, body);
  } catch (error) {
    if (error.code !== 'step_up_required') throw error;
    await signIn('optional');
    return sign(method, path, body);
  }
}

/** Does something for a button, and says what went wrong. */
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
  const { items } = await ask('GET', api);
  byId('passkeys').replaceChildren(
    ...items.map(({ credentialUuid, name }) => {
      const item = document.createElement('li');
      const shown = document.createElement('bdi');
      shown.textContent = name;
      const rename = button('Rename', name, async () => {
        const wanted = prompt('Its new name', name);
        if (wanted) await signFreshly('PUT', `${api}/rename`, { credentialUuid, name: wanted });
      });
      const remove = button('Remove', name, () => signFreshly('DELETE', `${api}/${credentialUuid}`));
      item.append(shown, ' ', rename, ' ', remove);
      return item;
    }),
  );
}

async function add() {
  const { origins } = await ask('GET', '/.well-known/webauthn');
  // A minute by the server's clock, which may be another one than ours.
  const now = Date.parse((await fetch('/me')).headers.get('date') ?? new Date());
  const expiration = new Date(now + 60_000).toISOString();
  const { code } = await signFreshly('POST', `${api}/code`, { expiration });
  const link = `${origins.at(-1)}/enroll`;
  byId('code').textContent = code;
  // In the fragment, which browsers send to no server.
  byId('app2').href = `${link}#${code}`;
  byId('app2').textContent = link;
  byId('shown').hidden = false;
}

doing(byId('add'), add);
byId('add').disabled = false;
list().catch((error) => say(error.message));

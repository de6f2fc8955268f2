// App 2 with another framework: Preact and htm, from npm (`htm/preact/standalone.module.js`, copied
// here as htm.js). A code becomes a passkey.

import { html, render, useEffect, useState } from './htm.js';
import { createClient } from '../modules/client.js';
import { readCode } from '../modules/code.js';
import { createEnrolling } from '../modules/enrolling.js';
import { createPasskey } from '../modules/passkeys.js';
import { explain, explainPasskey, OUTCOMES } from '../modules/words.js';

const enrolling = createEnrolling({ client: createClient({ credentials: 'omit' }) });

/** Returns the state of a machine, as a hook. */
function useMachine({ state, subscribe }) {
  const [shown, show] = useState(state());
  useEffect(() => subscribe(show), []);
  return shown;
}

/** Sends a form by script, and never by the browser. */
const onSubmit = (send) => (event) => {
  event.preventDefault();
  send(new FormData(event.target));
};

const Problem = ({ words }) =>
  words && html`<p role="alert"><strong>${words.title}.</strong> ${words.text}</p>`;

const Enter = ({ error, isBusy }) =>
  html` <form onSubmit=${onSubmit((form) => enrolling.enter(readCode(form.get('code')) ?? '', 'Fido2'))}>
    <h1>Add a way to sign in</h1>
    <${Problem} words=${error && explain(error)} />
    <label>One-time code <input name="code" autocomplete="one-time-code" required /></label>
    <button disabled=${isBusy}>Continue</button>
  </form>`;

const Make = ({ challenge, error, isBusy }) =>
  html` <form onSubmit=${onSubmit((form) => enrolling.make(form.get('name'), createPasskey))}>
    <h1>Create your passkey</h1>
    <p>For <bdi>${challenge.user.name}</bdi> at ${challenge.rp.id}</p>
    <${Problem} words=${error && explainPasskey(error)} />
    <label>Name <input name="name" value="My device" required /></label>
    <button disabled=${isBusy}>${error ? 'Try again' : 'Create passkey'}</button>
  </form>`;

const Wait = ({ credential, error }) =>
  html` <h1>Waiting for approval in the other app</h1>
    <${Problem} words=${error && explain(error)} />
    <p>
      ${credential.approval.checkCode && html`Type this number there: <strong>${credential.approval.checkCode}</strong>`}
    </p>`;

const Over = ({ title, text }) =>
  html` <h1>${title}</h1>
    <p>${text}</p>
    <button onClick=${enrolling.startOver}>Enter another code</button>`;

function Page() {
  const { stage, ...shown } = useMachine(enrolling);
  const isBusy = ['exchanging', 'making', 'registering'].includes(stage);
  if (stage === 'pending') return html`<${Wait} ...${shown} />`;
  if (stage === 'added') return html`<${Over} title="Passkey added" text="Sign in with it here." />`;
  if (stage === 'refused') return html`<${Over} ...${OUTCOMES[shown.outcome] ?? explain(shown.error)} />`;
  return shown.challenge
    ? html`<${Make} ...${shown} isBusy=${isBusy} />`
    : html`<${Enter} ...${shown} isBusy=${isBusy} />`;
}

render(html`<${Page} />`, document.querySelector('main'));

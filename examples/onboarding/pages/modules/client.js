// Every endpoint, as a method. Each takes `{ signal }` last, and throws a `Refusal` unless it succeeds.
//
//   const client = createClient({ baseUrl: 'https://app1.example' });
//   const challenge = await client.exchange('A7U-KY6-9PT', 'Fido2');       // spends the code
//   const proof = await createPasskey(challenge);                          // may be repeated, if it is cancelled
//   const credential = await client.register(challenge, 'My phone', proof);
//   credential.approval;                                                   // if its owner is asked first: see outcome

import { Refusal } from './refusal.js';

/**
 * @import { ActionChallenge, Challenge, Credential, Enrolment, Factor, Kind, MintedCode, Options, Outcome,
 *   Proof, Registration, Sign, Stage } from './wire.js'
 *
 * @typedef {object} ClientOptions
 * @property {string} [baseUrl] Where the endpoints are, if not on the page's own origin.
 * @property {string} [mount]
 * @property {typeof globalThis.fetch} [fetch]
 * @property {AbortSignal} [signal] Ends everything that this client does.
 * @property {HeadersInit | (() => HeadersInit)} [headers] Say who is asking, for example `{ authorization: 'Bearer …' }`.
 * @property {RequestCredentials} [credentials] As `fetch` takes it: `'omit'` where no cookie says who is asking.
 * @property {Sign} [sign] Signs user actions. Without it they are sent unsigned.
 * @property {() => Promise<unknown>} [stepUp] Signs the user in anew. The request is then sent once more.
 * @property {number} [patience] How long an answer may take, in milliseconds.
 *
 * @typedef {ReturnType<typeof createClient>} Client
 */

/** How long the server waits for news before it answers, in seconds. It allows 25. */
const WAIT = 20;

/** @param {ClientOptions} [options] */
export function createClient({
  baseUrl = '',
  mount = '/auth',
  fetch = globalThis.fetch.bind(globalThis),
  signal: whole,
  headers = {},
  credentials = 'same-origin',
  sign,
  stepUp,
  patience = 15_000,
} = {}) {
  const [code, enrolments] = [`${mount}/credentials/code`, `${mount}/credentials/enrolments`];
  /**
   * The server's time less `performance.now()`, once the server has told the time.
   *
   * @type {number | undefined}
   */
  let ahead;

  /**
   * Returns the server's time in milliseconds. Setting this device's clock meanwhile does not
   * change it.
   */
  const serverNow = () => (ahead === undefined ? Date.now() : performance.now() + ahead);

  /**
   * Sends a request, and returns the answer.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Options & { headers?: Record<string, string> }} [options]
   * @returns {Promise<any>}
   */
  async function send(method, path, body, { signal, headers: more, patience: longest = patience } = {}) {
    const own = new Headers(typeof headers === 'function' ? headers() : headers);
    for (const [name, value] of Object.entries(more ?? {})) own.set(name, value);
    if (body !== undefined) own.set('content-type', 'application/json');
    const late = AbortSignal.timeout(longest);
    const signals = [late, whole, signal].filter((any) => any !== undefined);
    /** @type {RequestInit} */
    const request = {
      method,
      headers: own,
      credentials,
      cache: 'no-store',
      signal: AbortSignal.any(signals),
    };
    if (body !== undefined) request.body = JSON.stringify(body);
    let response, answer;
    try {
      response = await fetch(baseUrl + path, request);
      hearTime(response);
      answer = await response.json();
    } catch (cause) {
      // A caller who ends it knows that they did.
      if (whole?.aborted || signal?.aborted) throw cause;
      if (late.aborted) throw new Refusal('timeout', 'The server did not answer in time.', { cause });
      if (!response) throw new Refusal('offline', 'The server can not be reached.', { cause });
      const { status } = response;
      throw new Refusal('internal', `${path} answered ${status} without JSON`, { status, cause });
    }
    if (response.ok) return answer;
    const { code = 'internal', message = 'Something went wrong.', stage } = answer.error ?? {};
    const retryAfter = Number(response.headers.get('retry-after')) || 0;
    throw new Refusal(code, message, { status: response.status, retryAfter, stage, cause: answer });
  }

  /** Other origins read the header only if the server lets them. @param {Response} response */
  function hearTime({ headers }) {
    const heard = Date.parse(headers.get('date') ?? '') - performance.now();
    // The header names whole seconds. So the later of two guesses is nearer, unless somebody set
    // the clock.
    if (ahead === undefined || heard > ahead || heard < ahead - 2_000) ahead = heard || ahead;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Options} [options]
   */
  async function signOnce(method, path, body, options) {
    if (!sign) return send(method, path, body, options);
    const payload = body === undefined ? '' : JSON.stringify(body);
    const challenge = await beginAction(method, path, payload, options);
    const { userAction } = await completeAction(challenge, await sign(challenge, options), options);
    return send(method, path, body, { ...options, headers: { 'x-dfns-useraction': userAction } });
  }

  /**
   * Sends a request with a user action: an existing credential signs this method, path and body.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  async function signed(method, path, body, options) {
    try {
      return await signOnce(method, path, body, options);
    } catch (error) {
      if (!stepUp || !(error instanceof Refusal) || error.code !== 'step_up_required') throw error;
    }
    await stepUp();
    return signOnce(method, path, body, options);
  }

  /**
   * @type {(method: string, path: string, payload: string, options?: Options) => Promise<ActionChallenge>}
   */
  const beginAction = (method, path, payload, options) => {
    const { pathname } = new URL(baseUrl + path, 'http://any');
    const action = { userActionPayload: payload, userActionHttpMethod: method, userActionHttpPath: pathname };
    return send('POST', `${mount}/action/init`, action, options);
  };

  /**
   * @type {(challenge: ActionChallenge, firstFactor: Factor, options?: Options) => Promise<{ userAction: string }>}
   */
  const completeAction = ({ challengeIdentifier }, firstFactor, options) =>
    send('POST', `${mount}/action`, { challengeIdentifier, firstFactor }, options);

  /**
   * Returns the body of register and create.
   *
   * @type {(challenge: Challenge, name: string, proof: Proof) => object}
   */
  const made = ({ challengeIdentifier, kind }, credentialName, { credentialInfo, encryptedPrivateKey }) => ({
    challengeIdentifier,
    credentialKind: kind,
    credentialName,
    credentialInfo,
    // Absent, not undefined: the server refuses the member where there is nothing to keep.
    ...(encryptedPrivateKey === undefined ? {} : { encryptedPrivateKey }),
  });

  const long = (/** @type {Options} */ options = {}) => ({ ...options, patience: patience + 1_000 * WAIT });
  const own = `${mount}/credentials`;

  return {
    serverNow,
    send,
    signed,
    beginAction,
    completeAction,

    /**
     * Makes a code with this lifetime, in milliseconds.
     *
     * @type {(life?: { lifetime?: number }, options?: Options) => Promise<MintedCode>}
     */
    async mint({ lifetime = 60_000 } = {}, options) {
      // Without the server's time, the server would refuse a code from a clock that is wrong.
      if (ahead === undefined) await send('GET', enrolments, undefined, options);
      const expiration = new Date(serverNow() + lifetime).toISOString();
      return signed('POST', code, { expiration }, options);
    },

    /**
     * Spends the code. The challenge that it buys can be answered for five minutes.
     *
     * @type {(code: string, kind: Kind, options?: Options) => Promise<Challenge>}
     */
    exchange: (text, credentialKind, options) =>
      send('POST', `${code}/init`, { code: text, credentialKind }, options),

    /**
     * Hands in the proof, and returns the credential.
     *
     * @type {(challenge: Challenge, name: string, proof: Proof, options?: Options) => Promise<Registration>}
     */
    register: (challenge, name, proof, options) =>
      send('POST', `${code}/verify`, made(challenge, name, proof), options),

    /**
     * Says what became of a credential that waits for approval. With `after` it waits until that
     * changes.
     *
     * @type {(token: string, after?: Stage, options?: Options) => Promise<Outcome>}
     */
    outcome: (token, after, options) =>
      after
        ? send('POST', `${enrolments}/outcome`, { token, after, wait: WAIT }, long(options))
        : send('POST', `${enrolments}/outcome`, { token }, options),

    /**
     * Returns the enrolments that are outstanding, or ended within the hour, newest first.
     *
     * @type {(options?: Options) => Promise<Enrolment[]>}
     */
    enrolments: async (options) => (await send('GET', enrolments, undefined, options)).items,

    /** @type {(id: string, options?: Options) => Promise<Enrolment>} */
    enrolment: (id, options) => send('GET', `${enrolments}/${id}`, undefined, options),

    /**
     * Waits until the stage is no longer `after`, or for a while.
     *
     * @type {(id: string, after: Stage, options?: Options) => Promise<Enrolment>}
     */
    news: (id, after, options) =>
      send('GET', `${enrolments}/${id}?after=${after}&wait=${WAIT}`, undefined, long(options)),

    /** @type {(id: string, options?: Options) => Promise<Enrolment>} */
    revoke: (id, options) => send('DELETE', `${enrolments}/${id}`, undefined, options),

    /** @type {(id: string, checkCode?: string, options?: Options) => Promise<Credential>} */
    approve: (id, checkCode, options) =>
      signed('POST', `${enrolments}/${id}/approve`, checkCode ? { checkCode } : {}, options),

    /** @type {(id: string, options?: Options) => Promise<Enrolment>} */
    refuse: (id, options) => send('POST', `${enrolments}/${id}/refuse`, {}, options),

    /**
     * Takes back the credential that the token of a notice names.
     *
     * @type {(token: string, options?: Options) => Promise<{}>}
     */
    undo: (token, options) => send('POST', `${enrolments}/undo`, { token }, options),

    /** @type {(options?: Options) => Promise<Credential[]>} */
    credentials: async (options) => (await send('GET', own, undefined, options)).items,

    /**
     * Begins one more credential without a code.
     *
     * @type {(kind: Kind, options?: Options) => Promise<Challenge>}
     */
    begin: (kind, options) => send('POST', `${own}/init`, { kind }, options),

    /**
     * @type {(challenge: Challenge, name: string, proof: Proof, options?: Options) => Promise<Credential>}
     */
    create: (challenge, name, proof, options) => signed('POST', own, made(challenge, name, proof), options),

    /** @type {(credentialUuid: string, name: string, options?: Options) => Promise<unknown>} */
    rename: (credentialUuid, name, options) =>
      signed('PUT', `${own}/rename`, { credentialUuid, name }, options),

    /** @type {(credentialUuid: string, options?: Options) => Promise<unknown>} */
    activate: (credentialUuid, options) => signed('PUT', `${own}/activate`, { credentialUuid }, options),

    /** @type {(credentialUuid: string, options?: Options) => Promise<unknown>} */
    deactivate: (credentialUuid, options) => signed('PUT', `${own}/deactivate`, { credentialUuid }, options),

    /** @type {(credentialUuid: string, options?: Options) => Promise<unknown>} */
    remove: (credentialUuid, options) => signed('DELETE', `${own}/${credentialUuid}`, undefined, options),
  };
}

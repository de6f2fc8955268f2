// The owner's end: a user who makes codes, sees who enters them, and decides.
//
//   const owner = createOwner({ client });
//   owner.subscribe(({ enrolments, credentials, isStale }) => …);      // draw it
//   owner.start();
//   const id = await owner.mint();                                   // the code is in the state
//   await owner.approve(id);                                         // or: owner.refuse(id)
//
// It says what the server says, and nothing else. It asks for both lists every second, so it also
// sees what began in another tab or before a reload. It holds no request open for each enrolment.
// Over HTTP/1.1 a browser has six connections for all tabs of a site, and they would soon be used
// up.

import { Refusal } from './refusal.js';
import { createState, INTERVAL, PATIENCE, pause, SILENCE } from './state.js';

/**
 * @import { Client } from './client.js'
 * @import { Credential, Enrolment, Options, Stage } from './wire.js'
 *
 * @typedef {Enrolment & { code?: string, isForgotten?: true }} Followed With its code, where it was made and
 *   as long as it can be entered. If the server forgot it in the middle, nobody knows its end.
 *
 * @typedef {object} OwnerState
 * @property {boolean} isLoaded
 * @property {boolean} isStale The server is away: both lists are what it said last.
 * @property {unknown} error The reason.
 * @property {Credential[]} credentials Newest first.
 * @property {Followed[]} enrolments Newest first.
 *
 * @typedef {object} OwnerOptions
 * @property {Client} client
 * @property {(options: Options) => Promise<Credential[]>} [listCredentials] Lists them, if a host tells more of each.
 * @property {number} [interval] Between two looks, in milliseconds.
 *
 * @typedef {ReturnType<typeof createOwner>} Owner
 */

/**
 * The stages at which an owner may decide about the client that entered the code.
 *
 * @type {readonly Stage[]}
 */
export const DECIDABLE = ['opened', 'pending'];

/** The stages after which another may come. @type {readonly Stage[]} */
export const OUTSTANDING = ['waiting', ...DECIDABLE];

/** @param {OwnerOptions} options */
export function createOwner({ client, listCredentials = client.credentials, interval = INTERVAL }) {
  const state = createState(
    /** @type {OwnerState} */ ({
      isLoaded: false,
      isStale: false,
      error: undefined,
      credentials: [],
      enrolments: [],
    }),
  );
  /**
   * The codes that were made here, and the end of each by `performance.now()`.
   *
   * @type {Map<string, { code: string, endsAt: number }>}
   */
  const codes = new Map();
  /** @type {AbortController | undefined} */
  let running;
  /** Answers of an earlier look must not undo what a later one saw. */
  let [asked, heard] = [0, 0];

  /** Looks once. */
  async function look() {
    const turn = (asked += 1);
    const options = { signal: running?.signal, patience: PATIENCE };
    const silence = setTimeout(() => turn > heard && state.set({ isStale: true }), SILENCE);
    try {
      const [enrolments, credentials] = await Promise.all([
        client.enrolments(options),
        listCredentials(options),
      ]);
      if (turn > heard) hear(turn, enrolments, credentials);
    } catch (error) {
      if (!options.signal?.aborted && turn > heard) state.set({ isStale: true, error });
    } finally {
      clearTimeout(silence);
    }
  }

  /** @param {number} turn @param {Enrolment[]} enrolments @param {Credential[]} credentials */
  function hear(turn, enrolments, credentials) {
    heard = turn;
    const known = new Set(enrolments.map(({ id }) => id));
    const gone = state.get().enrolments.filter(({ id }) => !known.has(id));
    const sorted = [...credentials].sort((a, b) => b.dateCreated.localeCompare(a.dateCreated));
    const all = [...enrolments.map(withCode), ...gone.map(forgotten)];
    state.set({ isLoaded: true, isStale: false, error: undefined, credentials: sorted, enrolments: all });
  }

  /** @param {Enrolment} enrolment @returns {Followed} */
  function withCode(enrolment) {
    const made = codes.get(enrolment.id);
    // A code that can't be entered any more is kept nowhere.
    if (enrolment.stage !== 'waiting') codes.delete(enrolment.id);
    return made && enrolment.stage === 'waiting' ? { ...enrolment, code: made.code } : enrolment;
  }

  /**
   * The server forgets an enrolment an hour after its end. The last state that it told is still
   * true.
   *
   * @param {Followed} gone
   * @returns {Followed}
   */
  function forgotten({ code, ...gone }) {
    codes.delete(gone.id);
    return OUTSTANDING.includes(gone.stage) ? { ...gone, isForgotten: true } : gone;
  }

  /** Shows one enrolment as the server just told it. @param {Enrolment} told */
  function tell(told) {
    // A look that began before knows less.
    heard = asked;
    const rest = state.get().enrolments.filter(({ id }) => id !== told.id);
    const all = [withCode(told), ...rest].sort((a, b) => b.dateCreated.localeCompare(a.dateCreated));
    state.set({ enrolments: all });
    return told;
  }

  /**
   * Ends an enrolment. If it has ended already, a look shows how.
   *
   * @param {string} id
   * @param {(id: string) => Promise<Enrolment>} how
   */
  async function end(id, how) {
    try {
      return tell(await how(id));
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'conflict') throw error;
      return tell(await client.enrolment(id));
    }
  }

  /** @param {string} id */
  const find = (id) => state.get().enrolments.find((enrolment) => enrolment.id === id);

  /**
   * Makes a change of the list, and shows it.
   *
   * @template {unknown[]} A
   * @param {(...args: A) => Promise<unknown>} change
   */
  const changing =
    (change) =>
    /** @param {A} args */
    async (...args) => {
      await change(...args);
      await look();
    };

  return {
    state: state.get,
    subscribe: state.subscribe,
    look,

    /** Looks again and again, until `stop`. */
    async start() {
      running?.abort();
      const { signal } = (running = new AbortController());
      while (!signal.aborted) {
        await look();
        await pause(interval, signal);
      }
    },

    stop: () => running?.abort(),

    /**
     * Makes a code, and returns its enrolment's id.
     *
     * @param {{ lifetime?: number, signal?: AbortSignal }} [options]
     */
    async mint({ lifetime = 60_000, signal } = {}) {
      const { enrolmentId: id, code, expiration } = await client.mint({ lifetime }, { signal });
      const left = Math.min(lifetime, Date.parse(expiration) - client.serverNow());
      codes.set(id, { code, endsAt: performance.now() + left });
      tell({ id, stage: 'waiting', dateCreated: new Date(client.serverNow()).toISOString(), expiration });
      return id;
    },

    /**
     * Returns how long the stage of an enrolment lasts. Setting a clock does not change it.
     *
     * @param {string} id
     */
    millisecondsLeft(id) {
      const known = find(id);
      const code = codes.get(id);
      const left = code
        ? code.endsAt - performance.now()
        : Date.parse(known?.expiration ?? '') - client.serverNow();
      return Math.max(0, left || 0);
    },

    /**
     * Says yes. Rejects for a wrong check code. The state then has the number of tries that are
     * left.
     *
     * @param {string} id
     * @param {string} [checkCode]
     */
    async approve(id, checkCode) {
      try {
        const credential = await client.approve(id, checkCode);
        const before = find(id);
        if (before) tell({ ...before, stage: 'added', credential });
        await look();
      } catch (error) {
        if (error instanceof Refusal && error.status > 0) await look();
        throw error;
      }
    },

    /**
     * Says no, to a credential that was made or to a client that is about to make it.
     *
     * @param {string} id
     * @returns {Promise<Enrolment>}
     */
    refuse: (id) => end(id, find(id)?.stage === 'pending' ? client.refuse : client.revoke),

    /** Ends it, at each stage. @param {string} id @returns {Promise<Enrolment>} */
    revoke: (id) => end(id, client.revoke),

    /** Ends everything that is outstanding. */
    revokeAll() {
      const open = state.get().enrolments.filter(({ stage }) => OUTSTANDING.includes(stage));
      return Promise.all(open.map(({ id }) => end(id, client.revoke)));
    },

    rename: changing(client.rename),
    activate: changing(client.activate),
    deactivate: changing(client.deactivate),
    remove: changing(client.remove),
  };
}

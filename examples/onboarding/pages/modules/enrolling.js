// The enrolling end: somebody comes with a code, and leaves with a way to sign in.
//
//   const enrolling = createEnrolling({ client });
//   enrolling.subscribe(({ stage, challenge, credential, error }) => …);     // draw it
//   await enrolling.enter('A7U-KY6-9PT', 'Fido2');
//   await enrolling.make('My phone', createPasskey);
//
// entering → exchanging → challenged → making → registering → (pending →) added or refused
//
// If a step fails and can be mended, the stage before comes back, with an `error`. Call the same
// method again to go on from there. A late answer belongs to the attempt that asked, not to the one
// on show.

import { forgetPasskey } from './passkeys.js';
import { Refusal } from './refusal.js';
import { createState, INTERVAL, PATIENCE, pause, SILENCE } from './state.js';

/**
 * @import { Client } from './client.js'
 * @import { Challenge, Kind, Options, Outcome, Proof, Registration, Stage } from './wire.js'
 *
 * @typedef {object} EnrollingState
 * @property {'entering' | 'exchanging' | 'challenged' | 'making' | 'registering' | 'pending' | 'added' | 'refused'} stage
 * @property {Challenge} [challenge] The challenge that the code bought, with its user and its site.
 * @property {Registration} [credential] From pending on. Its `approval` has the number to show, and says until when.
 * @property {'lapsed' | Stage} [outcome] The owner's answer, other than yes.
 * @property {unknown} [error] Why it did not go on.
 * @property {boolean} isHeld The proof is kept, to be sent again unchanged.
 * @property {boolean} isUncertain A request stayed without a proper answer, so it may have been carried out.
 * @property {{ challenge: Challenge, credential: Registration }} [late] An abandoned attempt added this after all.
 *
 * @typedef {object} Attempt
 * @property {AbortController} ending Closes the browser's dialog when somebody starts over.
 * @property {Challenge} [challenge]
 * @property {Proof} [proof] Kept, so that a lost answer is sent again and not made again.
 * @property {boolean} isUncertain
 *
 * @typedef {(challenge: Challenge, options: Options) => Promise<Proof>} Make
 */

/** @type {EnrollingState} */
const START = { stage: 'entering', isHeld: false, isUncertain: false };
const NOTHING = {
  challenge: undefined,
  credential: undefined,
  outcome: undefined,
  error: undefined,
  late: undefined,
};

/** @param {{ client: Client, forget?: typeof forgetPasskey }} parts */
export function createEnrolling({ client, forget = forgetPasskey }) {
  const state = createState(START);
  /** @type {Attempt | undefined} */
  let attempt;

  function startOver() {
    attempt?.ending.abort();
    attempt = undefined;
    state.set({ ...NOTHING, ...START });
  }

  /**
   * Shows a change of an attempt, unless another attempt is on show.
   *
   * @param {Attempt} mine
   * @param {Partial<EnrollingState>} changes
   */
  function show(mine, changes) {
    if (mine !== attempt) return;
    const { challenge, proof, isUncertain } = mine;
    state.set({ error: undefined, ...changes, challenge, isHeld: proof !== undefined, isUncertain });
  }

  /** Spends the code. @param {string} code @param {Kind} kind */
  async function enter(code, kind) {
    attempt?.ending.abort();
    /** @type {Attempt} */
    const mine = (attempt = { ending: new AbortController(), isUncertain: false });
    show(mine, { ...NOTHING, stage: 'exchanging' });
    try {
      mine.challenge = await client.exchange(code, kind);
      show(mine, { stage: 'challenged' });
    } catch (error) {
      show(mine, { stage: 'entering', error });
    }
  }

  /** Makes the chosen kind, and hands it in under a name. @param {string} name @param {Make} how */
  async function make(name, how) {
    const mine = attempt;
    const challenge = mine?.challenge;
    if (!mine || !challenge || state.get().stage !== 'challenged') return;
    try {
      show(mine, { stage: 'making' });
      mine.proof ??= await how(challenge, { signal: mine.ending.signal });
      if (mine !== attempt) return await drop(mine);
      show(mine, { stage: 'registering' });
      const credential = await client.register(challenge, name, mine.proof);
      // Nobody began another attempt meanwhile, so this one is on show again.
      attempt ??= mine;
      if (mine !== attempt) return state.set({ late: { challenge, credential } });
      if (!credential.approval) return show(mine, { stage: 'added', credential });
      show(mine, { stage: 'pending', credential });
      await follow(mine, credential.approval.token);
    } catch (error) {
      await settle(mine, error);
    }
  }

  /**
   * Keeps the proof if it may be sent again. Drops it if the server looked at it and did not take
   * it.
   *
   * @param {Attempt} mine
   * @param {unknown} error
   */
  async function settle(mine, error) {
    const isOver = error instanceof Refusal && error.code === 'invalid_challenge';
    if (error instanceof Refusal) {
      if (!error.isAnswer) mine.isUncertain ||= error.status !== 429;
      else if (error.code !== 'invalid_request') {
        if (!mine.isUncertain && error.code !== 'duplicate_credential') await drop(mine);
        mine.proof = undefined;
      }
    }
    show(mine, { stage: isOver ? 'refused' : 'challenged', error });
  }

  /**
   * Waits for the owner's answer. Asks each second, so that a server that is away is noticed.
   *
   * @param {Attempt} mine
   * @param {string} token
   */
  async function follow(mine, token) {
    const { signal } = mine.ending;
    for (; mine === attempt; await pause(INTERVAL, signal)) {
      const silence = setTimeout(
        () => show(mine, { error: new Refusal('timeout', 'The server is silent.') }),
        SILENCE,
      );
      try {
        const told = await client.outcome(token, undefined, { signal, patience: PATIENCE });
        if (told.stage !== 'pending') return await conclude(mine, told);
        show(mine, {});
      } catch (error) {
        if (error instanceof Refusal && error.isAnswer) {
          mine.isUncertain = true;
          return show(mine, { stage: 'refused', error });
        }
        show(mine, { error });
      } finally {
        clearTimeout(silence);
      }
    }
  }

  /** @param {Attempt} mine @param {Outcome} told */
  async function conclude(mine, { stage, expiration }) {
    if (stage === 'added') return show(mine, { stage: 'added' });
    await drop(mine);
    mine.isUncertain = false;
    // Clocks differ by a moment, also when the server's was asked.
    const isLapsed = stage === 'refused' && Date.parse(expiration) <= client.serverNow() + 1_000;
    show(mine, { stage: 'refused', outcome: isLapsed ? 'lapsed' : stage });
  }

  /** A passkey that the server does not know opens nothing. @param {Attempt} mine */
  async function drop({ challenge, proof }) {
    if (challenge?.kind === 'Fido2' && proof) await forget(challenge.rp.id, proof.credentialInfo.credId);
  }

  /** Returns how long the owner may take. Setting a clock does not change it. */
  function millisecondsLeft() {
    const until = Date.parse(state.get().credential?.approval?.expiration ?? '');
    return Math.max(0, until - client.serverNow() || 0);
  }

  return { state: state.get, subscribe: state.subscribe, enter, make, startOver, millisecondsLeft };
}

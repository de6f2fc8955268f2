// The state of a machine: one value, and the listeners that hear of each new one. Also how a
// machine looks again.

/** Between two looks, in milliseconds. */
export const INTERVAL = 1_000;

/**
 * A server that did not answer for so long is away. With one look each second, this shows within
 * three.
 */
export const SILENCE = 1_500;

/** After this time the server is asked anew: the network may be another one by now. */
export const PATIENCE = 5_000;

/**
 * @template T
 * @param {T} first
 */
export function createState(first) {
  let state = first;
  /** @type {Set<(state: T) => void>} */
  const listeners = new Set();
  return {
    get: () => state,

    /** Replaces some members. @param {Partial<T>} changes */
    set(changes) {
      state = { ...state, ...changes };
      for (const listener of [...listeners]) listener(state);
    },

    /**
     * Calls the listener at once and on every change. Returns a function that ends it.
     *
     * @param {(state: T) => void} listener
     */
    subscribe(listener) {
      listeners.add(listener);
      listener(state);
      return () => void listeners.delete(listener);
    },
  };
}

/**
 * Waits, unless somebody ends it.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });

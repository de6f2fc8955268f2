/**
 * @template T
 * @param {T} first
 */
export function createState<T>(first: T): {
    get: () => T;
    /** Replaces some members. @param {Partial<T>} changes */
    set(changes: Partial<T>): void;
    /**
     * Calls the listener at once and on every change. Returns a function that ends it.
     *
     * @param {(state: T) => void} listener
     */
    subscribe(listener: (state: T) => void): () => undefined;
};
/** Between two looks, in milliseconds. */
export const INTERVAL: 1000;
/**
 * A server that did not answer for so long is away. With one look each second, this shows within
 * three.
 */
export const SILENCE: 1500;
/** After this time the server is asked anew: the network may be another one by now. */
export const PATIENCE: 5000;
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void>;

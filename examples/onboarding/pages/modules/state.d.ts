/**
 * @template T
 * @param {T} first
 */
export function createState<T>(first: T): {
    get: () => T;
    /** Takes the place of some members. @param {Partial<T>} changes */
    set(changes: Partial<T>): void;
    /**
     * Calls at once and on every change. Returns what ends it.
     *
     * @param {(state: T) => void} listener
     */
    subscribe(listener: (state: T) => void): () => undefined;
};
/** Between two looks, in milliseconds. */
export const INTERVAL: 1000;
/**
 * A server that did not answer for so long is away. Asked each second, that is seen within three.
 */
export const SILENCE: 1500;
/** After so long it is asked anew: the network may be another one by now. */
export const PATIENCE: 5000;
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void>;

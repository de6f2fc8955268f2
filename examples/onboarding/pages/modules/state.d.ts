/**
 * @template T
 * @param {T} first
 */
export function createState<T>(first: T): {
    get: () => T;
    /** Takes the place of some members. @param {Partial<T>} changes */
    set(changes: Partial<T>): void;
    /** Calls at once and on every change. Returns what ends it. @param {(state: T) => void} listener */
    subscribe(listener: (state: T) => void): () => undefined;
};
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void>;

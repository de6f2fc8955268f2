// The parts that tests of the modules need from Node: features that browsers have and Node 18
// lacks, and a clock that stands still.

import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;

/**
 * Makes `setTimeout` wait for a test, and nobody else. Returns a function that lets this much time
 * pass.
 */
export function holdTime(t) {
  let now = 0;
  let last = 0;
  const waiting = new Map();
  t.mock.method(globalThis, 'setTimeout', (what, milliseconds = 0, ...more) => {
    waiting.set((last += 1), { at: now + milliseconds, what: () => what(...more) });
    return last;
  });
  t.mock.method(globalThis, 'clearTimeout', (timer) => void waiting.delete(timer));
  return function pass(milliseconds) {
    now += milliseconds;
    for (const [timer, { at, what }] of [...waiting].sort(([, a], [, b]) => a.at - b.at)) {
      if (at > now) break;
      if (waiting.delete(timer)) what();
    }
  };
}

/** Sets the clock of this device, until the test ends. Returns a function that sets it again. */
export function setClock(t, time) {
  let now = time;
  t.mock.method(Date, 'now', () => now);
  return (time) => (now = time);
}

/**
 * Keeps Node from ending while only a platform timeout is awaited. Such a timeout keeps nothing
 * alive.
 */
export function stayAlive(t) {
  const timer = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(timer));
}

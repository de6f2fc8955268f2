// A button that works again after a while, and says when.

import { announce } from './page.js';

/** The countdown of each button that waits. */
const waiting = new WeakMap();

/** Counts down on a button. Setting a clock makes it neither longer nor shorter. */
export function waitFor(button, seconds) {
  stopWaiting(button);
  if (seconds <= 0) return;
  const endsAt = performance.now() + 1_000 * seconds;
  const label = button.textContent;
  button.setAttribute('aria-disabled', 'true');
  button.dataset.waiting = '';
  const tick = () => {
    const left = Math.ceil((endsAt - performance.now()) / 1_000);
    if (left <= 0) {
      stopWaiting(button);
      return announce('You can try again now.');
    }
    button.textContent = `Try again in ${left} s`;
  };
  waiting.set(button, { timer: setInterval(tick, 250), label });
  tick();
}

/** Lets a button be pressed again, with its text from before. */
export function stopWaiting(button) {
  const countdown = waiting.get(button);
  if (!countdown) return;
  clearInterval(countdown.timer);
  waiting.delete(button);
  delete button.dataset.waiting;
  button.textContent = countdown.label;
  button.removeAttribute('aria-disabled');
}

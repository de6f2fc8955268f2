// Whoever leaves the page while a challenge is open loses a code that is spent. They are asked first, and told afterwards.

/** Where a reload finds out what it cost. It says nothing about the code, nor about who entered it. */
const FLAG = 'onboarding.open';

/** From now on something is lost with this page. */
export function askBeforeLeaving() {
  addEventListener('beforeunload', ask);
  remember('yes');
}

/** From now on nothing is. */
export function letGo() {
  // Taken away, and not only silent: a page that listens is not kept for the way back.
  removeEventListener('beforeunload', ask);
  remember('');
}

/** Whether the page was left, by a reload say, when something was lost with it. True once. */
export function wasLeftInTheMiddle() {
  const wasOpen = recall() === 'yes';
  remember('');
  return wasOpen;
}

const ask = (event) => event.preventDefault();

// Some browsers keep nothing, and say so by an exception. Then nobody is told afterwards, which is all.

function remember(value) {
  try {
    sessionStorage.setItem(FLAG, value);
  } catch {}
}

function recall() {
  try {
    return sessionStorage.getItem(FLAG);
  } catch {
    return null;
  }
}

// A person who leaves the page while a challenge is open loses a code that is spent. The page asks
// them first, and tells them afterwards.

/**
 * Where a reload finds out what it cost. It says nothing about the code, nor about who entered it.
 */
const FLAG = 'onboarding.open';

/** From now on something is lost with this page. */
export function askBeforeLeaving() {
  addEventListener('beforeunload', ask);
  remember('yes');
}

/** From now on nothing is lost. */
export function letGo() {
  // The listener is removed, not only silent. Browsers don't keep a page that listens for the way
  // back.
  removeEventListener('beforeunload', ask);
  remember('');
}

/**
 * Returns whether the page was left when something was lost with it, for example by a reload. True
 * once.
 */
export function wasLeftInTheMiddle() {
  const wasOpen = recall() === 'yes';
  remember('');
  return wasOpen;
}

const ask = (event) => event.preventDefault();

// Some browsers keep nothing, and throw an exception. The only effect is that nobody is told
// afterwards.

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

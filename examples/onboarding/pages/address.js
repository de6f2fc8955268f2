// Takes the code out of the address, before anybody can see or share it. It is a script of its own,
// so it runs even if the others fail.
//
// The browser's history may still keep the link. After a minute the link is worth nothing.

let taken = '';

function take() {
  if (!location.hash) return;
  taken = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
}

/** Returns the text behind the # of the address, once. */
export function takeFromAddress() {
  take();
  const text = taken;
  taken = '';
  return text;
}

take();
// The same page was opened with another code. This listener comes before all others.
addEventListener('hashchange', take);

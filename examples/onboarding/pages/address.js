// Takes the code out of the address, before anybody can see or share it. It is a script of its own, so that it
// does so whatever becomes of the others.
//
// The browser's history may keep the link all the same; after a minute it is worth nothing.

let taken = '';

function take() {
  if (!location.hash) return;
  taken = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
}

/** What was behind the # of the address. Once. */
export function takeFromAddress() {
  take();
  const text = taken;
  taken = '';
  return text;
}

take();
// The same page, opened with another code. This comes before whoever else listens.
addEventListener('hashchange', take);

// Takes back a credential, by the token in the link of a mail. Opening the link does nothing: mail
// scanners open links, too.

import { undo } from './enroll.js';
import { busy, byId, notice, showSection } from './page.js';
import { explain } from './words.js';

let token;

/** Takes the token out of the address at once, before anybody can see or share it. */
function takeTokenFromAddress() {
  token = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  notice(byId('ask-problem'));
  showSection(token ? 'ask' : 'invalid');
}

async function takeBack() {
  notice(byId('ask-problem'));
  try {
    await undo(token);
    showSection('undone');
  } catch (error) {
    if (error.code === 'invalid_token') showSection('invalid');
    else notice(byId('ask-problem'), explain(error));
  }
}

byId('undo').addEventListener('click', () => busy(byId('undo'), takeBack));
// The same page, opened with another link.
addEventListener('hashchange', takeTokenFromAddress);

byId('where').textContent = location.host;
takeTokenFromAddress();

// Takes back an added credential, by the token in the link of a mail. Opening the link does
// nothing, because mail scanners open links, too.

import { takeFromAddress } from './address.js';
import { createClient } from './modules/client.js';
import { explain } from './modules/words.js';
import { busy, byId, notice, showSection } from './page.js';

// Nobody has to be signed in: the token says everything.
const client = createClient({ credentials: 'omit' });
let token;

function begin() {
  token = takeFromAddress();
  notice(byId('ask-problem'));
  showSection(token ? 'ask' : 'invalid');
}

async function takeBack() {
  notice(byId('ask-problem'));
  try {
    await client.undo(token);
    showSection('undone');
  } catch (error) {
    if (error.code === 'invalid_token') showSection('invalid');
    else notice(byId('ask-problem'), explain(error));
  }
}

byId('undo').addEventListener('click', () => busy(byId('undo'), takeBack));
// The same page, opened with another link.
addEventListener('hashchange', begin);

byId('where').textContent = location.host;
begin();

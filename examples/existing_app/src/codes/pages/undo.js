// Takes back a passkey, by the token in the link of a mail. Opening the link does nothing, because
// mail scanners open links, too.

import { createClient } from './modules/client.js';

const byId = (id) => document.getElementById(id);
const token = location.hash.slice(1);
history.replaceState(null, '', location.pathname);

byId('undo').addEventListener('click', async () => {
  try {
    await createClient().undo(token);
    byId('status').textContent = 'It was taken back.';
  } catch (error) {
    byId('status').textContent = error.message;
  }
});
byId('undo').disabled = token === '';

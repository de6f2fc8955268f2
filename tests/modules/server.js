// A server that gives the answers of a test, and remembers the requests.

export const modules = new URL('../../examples/onboarding/pages/modules/', import.meta.url);

/** A `fetch` that answers by `METHOD path`, without the query. An answer is a body, or a function of the request. */
export function serve(answers = {}) {
  const asked = [];
  const fetch = async (url, { method, headers, body, signal }) => {
    const { pathname, search } = new URL(url, 'http://any');
    const request = { method, path: pathname, search, headers: Object.fromEntries(headers), signal };
    request.body = body && JSON.parse(body);
    asked.push(request);
    signal?.throwIfAborted();
    const answer = answers[`${method} ${pathname}`] ?? {};
    return respond(typeof answer === 'function' ? await answer(request) : answer);
  };
  return { fetch, asked };
}

const respond = (answer) => (answer instanceof Response ? answer : Response.json(answer));

/** Returns a refusal in the form of the server's. */
export const refuse = (status, code, more = {}, headers = {}) =>
  Response.json({ error: { code, status, message: code, ...more }, message: code }, { status, headers });

/** Lets everything go on that only waits for its turn. */
export async function settle() {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Returns an answer that comes when the test says so. */
export function later() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

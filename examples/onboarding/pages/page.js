// What both pages do with their elements. Text goes in as text, never as markup.

/** Returns the element of this id. */
export const byId = (id) => document.getElementById(id);

/** Creates an element with a class and children: elements, or text. */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/**
 * Copies the content of a template. Its ids begin with the key, and so do all references to them.
 */
export function copyOf(template, key) {
  const copy = byId(template).content.firstElementChild.cloneNode(true);
  for (const name of ['id', 'for', 'aria-labelledby', 'aria-describedby']) {
    for (const made of [copy, ...copy.querySelectorAll('*')]) {
      const ids = made.getAttribute(name)?.split(' ');
      if (ids) made.setAttribute(name, ids.map((id) => `${key}-${id}`).join(' '));
    }
  }
  return copy;
}

/** Returns the parts of a copy, by the names that the template gives them. */
export const partsOf = (copy) =>
  Object.fromEntries([...copy.querySelectorAll('[data-part]')].map((part) => [part.dataset.part, part]));

/**
 * Shows one of the sections that follow each other. Moves the focus to its heading, so that
 * everybody notices.
 */
export function showSection(id) {
  for (const section of document.querySelectorAll('[data-section]')) section.hidden = section.id !== id;
  byId(id).querySelector('[tabindex="-1"]')?.focus();
  // Words for the screen before are not true of this one.
  announce('');
}

/** Says something to screen readers, without moving the focus. */
export function announce(text) {
  byId('announcer').textContent = text;
}

/**
 * Fills a notice with a title and a text, or hides it. A title may have several parts, also
 * elements.
 */
export function notice(box, words) {
  box.hidden = !words;
  box.replaceChildren();
  if (words) box.append(element('strong', '', ...[words.title].flat()), element('p', '', words.text));
}

/** Ties an error to its field, and moves the focus there. */
export function problem(input, text) {
  byId(`${input.id}-problem`).textContent = text;
  if (text) {
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  } else {
    input.removeAttribute('aria-invalid');
  }
  return text !== '';
}

/** Returns the rows of a list of facts, by their terms. */
export const factRows = (facts) =>
  Object.entries(facts).map(([term, fact]) =>
    element('div', '', element('dt', '', term), element('dd', '', fact)),
  );

/** The press that each busy button answers. */
const going = new WeakMap();

/** Keeps a button from being pressed twice while this goes on. */
export async function busy(button, work) {
  if (going.has(button) || 'waiting' in button.dataset) return;
  // Not `disabled`, which would take the focus away.
  button.setAttribute('aria-disabled', 'true');
  const press = {};
  going.set(button, press);
  try {
    await work();
  } finally {
    // The button may be free again by now, and wait for something else.
    if (going.get(button) === press) release(button);
  }
}

/** Lets a button be pressed again, whatever becomes of the work that it waited for. */
export function release(button) {
  going.delete(button);
  // A button that counts down (retry.js) is freed by its countdown.
  if (!('waiting' in button.dataset)) button.removeAttribute('aria-disabled');
}

/** Copies a text, and says so on the button. */
export function copyWith(button, read) {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    const isCopied = await navigator.clipboard.writeText(read()).then(
      () => true,
      () => false,
    );
    button.textContent = isCopied ? 'Copied' : 'Copy it by hand';
    announce(isCopied ? 'Copied.' : 'This browser does not let the page copy. Copy it by hand.');
    setTimeout(() => (button.textContent = label), 2_000);
  });
}

/**
 * Isolates a name that somebody chose, so that it can't change the direction of the text around it.
 */
export const nameOf = (name) => element('bdi', '', name);

/** Returns what a person would call this device. */
export function deviceName(otherwise) {
  const agent = navigator.userAgent;
  const first = (names) => Object.entries(names).find(([pattern]) => agent.includes(pattern))?.[1];
  const browser = first({ 'Edg/': 'Edge', 'Firefox/': 'Firefox', 'Chrome/': 'Chrome', 'Safari/': 'Safari' });
  const system = first({
    iPhone: 'iPhone',
    iPad: 'iPad',
    Android: 'Android',
    Windows: 'Windows',
    'Mac OS': 'Mac',
    Linux: 'Linux',
  });
  return [browser ?? otherwise, system && `on ${system}`].filter(Boolean).join(' ');
}

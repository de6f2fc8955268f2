// A one-time code, as people type and paste it.

/** Letters and digits without I, O, 0 and 1. */
const S = '[A-HJ-NP-Z2-9]';
const SYMBOLS = new RegExp(`^${S}{9,52}$`);

/**
 * The most of a text that is searched: a link that somebody else made must not keep the page busy.
 */
const LONGEST = 2_000;

/** The characters that may stand between three symbols and the next three. */
const BETWEEN = '[\\s._/·|,+-]+';

/**
 * The searches of a text, the surest first: as it is shown; undivided, with a digit; undivided; in
 * threes that something else divides; letter by letter. A word such as `the` is made of the same
 * symbols, and so is `character`. So threes among more of them are no code, and a text with a digit
 * comes first.
 */
const FORMS = [
  `(?<!-)${S}{3}(?:-${S}{3}){2,16}(?!-)`,
  `(?=${S}*\\d)${S}{9}`,
  `${S}{9}`,
  `(?<!${S}{3}${BETWEEN})${S}{3}(?:${BETWEEN}${S}{3}){2}(?!${BETWEEN}${S}{3}(?![A-Z\\d]))`,
  `${S}(?:[\\s,.-]+${S}){8}`,
].map((form) => new RegExp(`(?<![A-Z\\d])${form}(?![A-Z\\d])`, 'g'));

/**
 * Returns the code in a text that a person typed or pasted, in capitals and without hyphens.
 * Returns `undefined` if there is none, or more than one. The text may be the whole link, or a
 * sentence: `Your code: A7U-KY6-9PT.`
 *
 * @param {string} typed
 */
export function readCode(typed) {
  const text = plain(typed.slice(0, LONGEST));
  // In a link the code is behind the #, whatever the rest looks like.
  return find(text.replace(/^.*#/s, '')) ?? find(text);
}

/**
 * Returns the same text without invisible characters. Full width and cursive letters are letters.
 *
 * @param {string} typed
 */
function plain(typed) {
  const text = typed.replace(/%([2-7][\da-f])/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/\p{Dash}|&(?:shy|ndash|mdash|#8209);/gu, '-')
    .toUpperCase();
}

/** @param {string} text */
function find(text) {
  for (const form of FORMS) {
    const found = new Set((text.match(form) ?? []).map(symbolsOf));
    // If there are two, nobody knows which one is meant.
    if (found.size > 1) return undefined;
    for (const symbols of found) return symbols;
  }
  const symbols = symbolsOf(text);
  return SYMBOLS.test(symbols) ? symbols : undefined;
}

/** @param {string} text */
const symbolsOf = (text) => text.replace(/[\s\p{P}\p{S}]/gu, '');

/** Returns symbols in groups of three, as a code is shown. @param {string} code */
export const grouped = (code) =>
  symbolsOf(code)
    .match(/.{1,3}/g)
    ?.join('-') ?? '';

// A text as a QR code (ISO/IEC 18004). It is drawn here and not on the server, so that the code in
// it goes into no further request. Byte mode, error correction level M, up to 213 bytes. An address
// with a code has about fifty.

/**
 * @typedef {boolean[][]} Grid
 * @typedef {(x: number, y: number, dark: boolean) => void} Setter
 * @typedef {{ number: number, size: number, total: number, correction: number, blocks: number,
 *   alignment: number[], capacity: number }} Version
 */

/**
 * By version, from 1: all codewords, codewords of error correction in a block, blocks, and the
 * places of alignment patterns. @type {[number, number, number, number[]][]}
 */
const TABLE = [
  [26, 10, 1, []],
  [44, 16, 1, [6, 18]],
  [70, 26, 1, [6, 22]],
  [100, 18, 2, [6, 26]],
  [134, 24, 2, [6, 30]],
  [172, 16, 4, [6, 34]],
  [196, 18, 4, [6, 22, 38]],
  [242, 22, 4, [6, 24, 42]],
  [292, 22, 5, [6, 26, 46]],
  [346, 26, 5, [6, 28, 50]],
];

const VERSIONS = TABLE.map(([total, correction, blocks, alignment], index) => ({
  number: index + 1,
  size: 21 + 4 * index,
  total,
  correction,
  blocks,
  alignment,
  // From version 10 on, the length takes two bytes.
  capacity: total - correction * blocks - (index < 9 ? 2 : 3),
}));

/** The light border that readers need, in modules. */
const QUIET = 4;

/** @type {((x: number, y: number) => boolean)[]} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/**
 * Returns the QR code of a text as the path of an SVG element: `<svg viewBox="0 0 size size"><path d="path">`,
 * black on white.
 *
 * @param {string} text
 */
export function qrPath(text) {
  const modules = qrModules(text);
  const dark = modules.flatMap((row, y) =>
    row.map((on, x) => (on ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : '')),
  );
  return { size: modules.length + 2 * QUIET, path: dark.join('') };
}

/** Returns the QR code of a text, row by row: true is dark. @param {string} text */
export function qrModules(text) {
  const bytes = new TextEncoder().encode(text);
  const version = VERSIONS.find(({ capacity }) => bytes.length <= capacity);
  if (!version) throw new RangeError('The text is too long for a QR code.');
  const { modules, isFixed } = fixedPatterns(version);
  placeData(modules, isFixed, codewords(version, bytes));
  const candidates = MASKS.map((mask, number) => masked(version, modules, isFixed, mask, number));
  return candidates.reduce((best, next) => (penalty(next) < penalty(best) ? next : best));
}

/**
 * Returns data and error correction, in the order in which they are placed.
 *
 * @param {Version} version
 * @param {Uint8Array} bytes
 */
function codewords({ number, total, correction, blocks }, bytes) {
  const header = number < 10 ? [bytes.length] : [bytes.length >> 8, bytes.length & 255];
  // Four bits say "bytes", so everything behind them is shifted by half a byte. The last half is
  // the terminator.
  const nibbles = [4, ...[...header, ...bytes].flatMap((byte) => [byte >> 4, byte & 15]), 0];
  /** @type {number[]} */
  const data = [];
  for (let at = 0; at < nibbles.length; at += 2) data.push((nibbles[at] << 4) | nibbles[at + 1]);
  const room = total - correction * blocks;
  for (let pad = 0; data.length < room; pad++) data.push(pad % 2 ? 0x11 : 0xec);

  const short = Math.floor(room / blocks);
  const shortBlocks = blocks - (room % blocks);
  let from = 0;
  const dataBlocks = Array.from({ length: blocks }, (_, block) => {
    const until = from + short + (block < shortBlocks ? 0 : 1);
    const part = data.slice(from, until);
    from = until;
    return part;
  });
  const divisor = generator(correction);
  return [...interleave(dataBlocks), ...interleave(dataBlocks.map((block) => remainder(block, divisor)))];
}

/** @param {number[][]} blocks */
function interleave(blocks) {
  const longest = Math.max(...blocks.map((block) => block.length));
  const columns = Array.from({ length: longest }, (_, at) => blocks.map((block) => block[at]));
  return columns.flat().filter((codeword) => codeword !== undefined);
}

/**
 * Multiplies in the field of 256 elements that QR codes use.
 *
 * @param {number} a
 * @param {number} b
 */
function multiply(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/**
 * Returns the Reed-Solomon generator polynomial of this degree, without its leading one.
 *
 * @param {number} degree
 */
function generator(degree) {
  let polynomial = [1];
  for (let root = 1, step = 0; step < degree; step++, root = multiply(root, 2)) {
    const times = [...polynomial.map((factor) => multiply(factor, root)), 0];
    polynomial = [...polynomial, 0].map((factor, at) => factor ^ (at > 0 ? times[at - 1] : 0));
  }
  return polynomial.slice(1);
}

/** @param {number[]} data @param {number[]} divisor */
function remainder(data, divisor) {
  const rest = divisor.map(() => 0);
  for (const codeword of data) {
    const factor = codeword ^ (rest.shift() ?? 0);
    rest.push(0);
    divisor.forEach((coefficient, at) => (rest[at] ^= multiply(coefficient, factor)));
  }
  return rest;
}

/**
 * Draws finders, timing and alignment patterns, and keeps the places of format and version free.
 *
 * @param {Version} version
 */
function fixedPatterns({ number, size, alignment }) {
  /** @returns {Grid} */
  const grid = () => Array.from({ length: size }, () => Array(size).fill(false));
  const [modules, isFixed] = [grid(), grid()];
  /** @type {Setter} */
  const set = (x, y, dark) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return;
    modules[y][x] = dark;
    isFixed[y][x] = true;
  };
  /**
   * @type {(x: number, y: number, radius: number, isDark: (distance: number) => boolean) => void}
   */
  const square = (centerX, centerY, radius, isDark) => {
    for (let y = -radius; y <= radius; y++) {
      for (let x = -radius; x <= radius; x++) {
        set(centerX + x, centerY + y, isDark(Math.max(Math.abs(x), Math.abs(y))));
      }
    }
  };
  for (let at = 0; at < size; at++) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  const last = alignment.at(-1);
  for (const y of alignment) {
    for (const x of alignment) {
      const isFinder = (x === 6 && y === 6) || (x === 6 && y === last) || (x === last && y === 6);
      if (!isFinder) square(x, y, 2, (distance) => distance !== 1);
    }
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ]) {
    square(x, y, 4, (distance) => distance !== 2 && distance !== 4);
  }
  placeFormat(set, size, 0);
  if (number >= 7) placeVersion(set, size, number);
  return { modules, isFixed };
}

/**
 * Draws level M and the mask, twice, with their own error correction.
 *
 * @param {Setter} set
 * @param {number} size
 * @param {number} mask
 */
function placeFormat(set, size, mask) {
  let rest = mask;
  for (let step = 0; step < 10; step++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const format = ((mask << 10) | rest) ^ 0x5412;
  for (let at = 0; at < 15; at++) {
    const dark = ((format >> at) & 1) === 1;
    if (at < 6) set(8, at, dark);
    else if (at < 8) set(8, at + 1, dark);
    else if (at === 8) set(7, 8, dark);
    else set(14 - at, 8, dark);
    if (at < 8) set(size - 1 - at, 8, dark);
    else set(8, size - 15 + at, dark);
  }
  set(8, size - 8, true);
}

/** @param {Setter} set @param {number} size @param {number} number */
function placeVersion(set, size, number) {
  let rest = number;
  for (let step = 0; step < 12; step++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
  const version = (number << 12) | rest;
  for (let at = 0; at < 18; at++) {
    const dark = ((version >> at) & 1) === 1;
    const [along, across] = [Math.floor(at / 3), size - 11 + (at % 3)];
    set(across, along, dark);
    set(along, across, dark);
  }
}

/**
 * Fills the free modules, in columns of two, upwards and downwards in turn.
 *
 * @param {Grid} modules
 * @param {Grid} isFixed
 * @param {number[]} data
 */
function placeData(modules, isFixed, data) {
  const size = modules.length;
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    // The column of the timing pattern is left out.
    if (right === 6) right = 5;
    const isUpwards = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step++) {
      const y = isUpwards ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (isFixed[y][x]) continue;
        modules[y][x] = bit < data.length * 8 && ((data[bit >> 3] >> (7 - (bit & 7))) & 1) === 1;
        bit++;
      }
    }
  }
}

/**
 * @param {Version} version
 * @param {Grid} modules
 * @param {Grid} isFixed
 * @param {(x: number, y: number) => boolean} mask
 * @param {number} number
 */
function masked({ size }, modules, isFixed, mask, number) {
  const result = modules.map((row, y) => row.map((dark, x) => dark !== (!isFixed[y][x] && mask(x, y))));
  placeFormat((x, y, dark) => (result[y][x] = dark), size, number);
  return result;
}

/**
 * Returns how hard the code would be to read. It counts long runs, squares, patterns like a finder,
 * and an excess of one colour.
 *
 * @param {Grid} modules
 */
function penalty(modules) {
  const size = modules.length;
  const columns = modules.map((_, x) => modules.map((row) => row[x]));
  let sum = 0;
  for (const line of [...modules, ...columns]) {
    const text = line.map((dark) => (dark ? '1' : '0')).join('');
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    sum += 40 * (text.match(/(?=00001011101|10111010000)/g) ?? []).length;
  }
  for (let y = 1; y < size; y++) {
    for (let x = 1; x < size; x++) {
      const dark = modules[y][x];
      if (dark === modules[y][x - 1] && dark === modules[y - 1][x] && dark === modules[y - 1][x - 1])
        sum += 3;
    }
  }
  const share = modules.flat().filter(Boolean).length / (size * size);
  return sum + 10 * Math.floor(Math.abs(share - 0.5) * 20);
}

// Makes the `.d.ts` files of the modules from their JSDoc: `npm run types`. A test compares the
// stored files with new ones.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../../examples/onboarding/pages/modules', import.meta.url));
const compiler = fileURLToPath(new URL('node_modules/typescript/bin/tsc', import.meta.url));
const strict = [
  '--allowJs',
  '--checkJs',
  '--strict',
  '--target',
  'es2023',
  '--lib',
  'es2023,dom,dom.iterable',
];
const making = ['--module', 'nodenext', '--declaration', '--emitDeclarationOnly'];

/** Checks the modules, and returns the declarations by file name. Throws what the compiler says. */
export function declarations() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'modules-'));
  try {
    // They are copied, since the compiler does not look at a source beside its `.d.ts`.
    for (const name of fs.readdirSync(modules)) {
      if (!name.endsWith('.d.ts') || name === 'wire.d.ts')
        fs.copyFileSync(path.join(modules, name), path.join(folder, name));
    }
    const sources = fs.readdirSync(folder).filter((name) => /\.(js|d\.ts)$/.test(name));
    const out = path.join(folder, 'out');
    compile([...strict, ...making, '--outDir', out, ...sources.map((name) => path.join(folder, name))]);
    return Object.fromEntries(
      fs.readdirSync(out).map((name) => [name, fs.readFileSync(path.join(out, name), 'utf8')]),
    );
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Runs the compiler. Throws its complaints, which are on stdout. */
export function compile(flags) {
  try {
    execFileSync(process.execPath, [compiler, ...flags], { encoding: 'utf8' });
  } catch ({ stdout }) {
    throw new Error(stdout);
  }
}

/** Returns the stored file. */
export const written = (name) => fs.readFileSync(path.join(modules, name), 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(declarations())) fs.writeFileSync(path.join(modules, name), text);
}

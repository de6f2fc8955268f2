// The modules are small and typed. They know no page, and no import runs back.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { transformSync } from 'esbuild';

import { modules } from './server.js';
import { compile, declarations, written } from './types.js';

const sources = fs.readdirSync(modules).filter((name) => name.endsWith('.js'));
const read = (name) => fs.readFileSync(new URL(name, modules), 'utf8');
const minified = (name) => transformSync(read(name), { minify: true, format: 'esm' }).code;

test('all of them together, as they are delivered, have at most 12 KB', () => {
  const size = gzipSync(sources.map(minified).join(''), { level: 9 }).length;
  console.log(`${sources.length} modules: ${size} bytes, minified and gzipped`);
  assert.ok(size <= 12 * 1_024, `${size}`);
});

test('they import each other and nothing else, and no import runs back', () => {
  const imports = Object.fromEntries(
    sources.map((name) => [
      name,
      [...read(name).matchAll(/^import .* from '(.*)';$/gm)].map(([, from]) => from),
    ]),
  );
  const visit = (name, above) => {
    assert.ok(!above.includes(name), [...above, name].join(' > '));
    for (const from of imports[name]) {
      assert.match(from, /^\.\/[\w-]+\.js$/);
      visit(from.slice(2), [...above, name]);
    }
  };
  for (const name of sources) visit(name, []);
});

test('they touch no document, and keep nothing but the key of a browser', () => {
  for (const name of sources) {
    const code = minified(name);
    assert.doesNotMatch(code, /\b(document|window|localStorage|sessionStorage|history)[.[]/, name);
    if (name !== 'browser-key.js') assert.doesNotMatch(code, /\bindexedDB\b/, name);
    // Passkeys are the browser's own, and belong to the page's address.
    if (name !== 'passkeys.js') assert.doesNotMatch(code, /\b(location|navigator)[.[]/, name);
  }
});

test('each can be imported where there is no page', async () => {
  for (const name of sources) await import(new URL(name, modules));
});

test('they pass the strict compiler, and their types are those that are written down', () => {
  const made = declarations();
  assert.deepEqual(Object.keys(made).sort(), sources.map((name) => name.replace(/js$/, 'd.ts')).sort());
  for (const [name, text] of Object.entries(made))
    assert.equal(written(name), text, `${name}: npm run types`);
});

/** Returns what the compiler says about a TypeScript file that uses the modules. */
function compiled(text) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consumer-'));
  try {
    const file = path.join(folder, 'consumer.ts');
    fs.writeFileSync(file, text.replaceAll('modules/', fileURLToPath(modules)));
    const flags = ['--strict', '--noEmit', '--target', 'es2023', '--lib', 'es2023,dom', '--module', 'es2022'];
    compile([...flags, '--moduleResolution', 'bundler', '--typeRoots', folder, file]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const CONSUMER = `
import { createClient } from 'modules/client.js';
import { createEnrolling } from 'modules/enrolling.js';
import { createOwner } from 'modules/owner.js';
import { createPasskey } from 'modules/passkeys.js';
import { createKey } from 'modules/keys.js';
import { passkeySigner } from 'modules/signing.js';
import type { Proof } from 'modules/wire.js';

const client = createClient({ sign: passkeySigner() });
const challenge = await client.exchange('A7UKY69PT', 'Fido2');
const proofs: Proof[] = [await createPasskey(challenge), await createKey(challenge, { secret: 's', origin: 'o' })];
const registered = await client.register(challenge, 'Name', proofs[0]);
const digits: string | undefined = registered.approval?.checkCode;
createOwner({ client }).subscribe(({ enrolments }) => enrolments.map(({ code, stage }) => [code, stage, digits]));
createEnrolling({ client }).subscribe(({ stage }) => stage === 'pending');
`;

test('a page in TypeScript uses them by their types', () => {
  compiled(CONSUMER);
  assert.throws(
    () => compiled(CONSUMER.replace("'Fido2'", "'Fido'")),
    /not assignable to parameter of type 'Kind'/,
  );
  assert.throws(() => compiled(CONSUMER.replace("=== 'pending'", "=== 'pendign'")), /no overlap/);
});

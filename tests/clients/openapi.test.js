// The document of all endpoints: a published validator finds it valid, and a published client
// generator reads it.

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';
import openapiTS, { astToString } from 'openapi-typescript';

const document = async () =>
  JSON.parse(await fs.readFile(new URL('../../src/openapi.json', import.meta.url), 'utf8'));

const operationsOf = ({ paths }) =>
  Object.values(paths).flatMap((item) => Object.values(item)).filter(({ operationId }) => operationId);

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(await document());
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.equal(validator.version, '3.1');
});

test('the validator refuses what is not valid', async () => {
  const broken = await document();
  delete broken.paths['/auth/credentials/code'].post.responses['200'].description;
  assert.equal((await new Validator().validate(broken)).valid, false);
});

test('a generator makes types of every operation and schema', async () => {
  const read = await document();
  const types = astToString(await openapiTS(read));
  for (const { operationId } of operationsOf(read)) assert.match(types, new RegExp(`\\b${operationId}: \\{`));
  for (const name of Object.keys(read.components.schemas)) assert.match(types, new RegExp(`\\b${name}: `));
});

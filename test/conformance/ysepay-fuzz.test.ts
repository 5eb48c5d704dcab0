/** A sample of test/fuzz/ysepay.ts; the long run is started by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../fuzz/ysepay.ts';

test('no throw, no hang, no accepted forgery: a sample of damaged forms and replies', () => {
  const { inputs, accepted } = fuzz(5_000, 20260102);
  assert.equal(inputs, 5_000);
  // Some damage does not touch what is signed (escapes, the order of members): a run that accepts nothing tries too little.
  assert.ok(accepted > 0, 'nothing was accepted');
});

/** Parts of the console's pages that are built once and stand on many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawRequest } from '../../src/web/console/parts.ts';

test('a request is told by its path; a query and a body open with it', () => {
  assert.equal(
    rawRequest('GET', '/listen/1?cmd=CHG&price=1', '').toString(),
    '<details class="raw"><summary>GET /listen/1?…</summary><pre tabindex="0" role="region" aria-label="GET /listen/1">?cmd=CHG&amp;price=1</pre></details>',
  );
  assert.equal(
    rawRequest('POST', '/listen/2', '{}').toString(),
    '<details class="raw"><summary>POST /listen/2</summary><pre tabindex="0" role="region" aria-label="POST /listen/2">{}</pre></details>',
  );
});

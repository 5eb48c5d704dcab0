/** What axe-core finds serious or critical in an open page; '' = nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { packageRoot } from '../../src/store/package-root.ts';

let source: Promise<string> | null = null;

const run = `axe.run().then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => id + ' ' + nodes[0].html).join('\\n'))`;

export async function seriousFindings(page: Page): Promise<string> {
  source ??= readFile(join(packageRoot, 'node_modules/axe-core/axe.min.js'), 'utf8');
  // Into a world of its own, past the page's policy, which would rightly refuse it.
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
  });
  await session.send('Runtime.evaluate', { contextId, expression: await source });
  const { result } = await session.send('Runtime.evaluate', {
    contextId,
    awaitPromise: true,
    returnByValue: true,
    expression: run,
  });
  await session.detach();
  return String(result.value);
}

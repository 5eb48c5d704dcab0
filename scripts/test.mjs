#!/usr/bin/env node
/** `npm test`: prepares and runs all tests; `npm test -- store cashier` those whose path contains one of the words. */
import { ensureBuilt, ensureInstalled } from './prepare.mjs';
import { runTests } from './test-run.mjs';

await ensureInstalled();
const isTyped = await ensureBuilt();
const { passed, failed: failedTests } = await runTests(process.argv.slice(2));
const failed = failedTests + (isTyped ? 0 : 1);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

#!/usr/bin/env node
/** `npm run build`: installs and compiles what is missing or out of date. */
import { ensureBuilt, ensureInstalled, say } from './prepare.mjs';

await ensureInstalled();
await ensureBuilt();
say('built');

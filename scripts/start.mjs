#!/usr/bin/env node
/** `npm start`: prepares, then the gateway with its sandbox. Options of `kanal start` go behind `--`. */
import { runProgram } from './prepare.mjs';

await runProgram('dist/src/cli/main.js', ['start', '--sandbox', ...process.argv.slice(2)]);

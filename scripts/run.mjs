#!/usr/bin/env node
/** Prepares, then runs one compiled file: node scripts/run.mjs dist/… [arguments] */
import { runProgram } from './prepare.mjs';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node scripts/run.mjs dist/… [arguments]');
await runProgram(file, args);

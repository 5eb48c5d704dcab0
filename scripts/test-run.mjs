/** Runs the compiled tests and says what became of them, one line a file; failures in full at the end. */
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { filesBelow, root, say } from './prepare.mjs';

/** Fewer files than this means that something hides them, and a run without tests must not look green. */
const fewestFiles = 30;
/** One file; chaos tests take minutes. */
const fileTimeoutMs = 900_000;

/** Runs the files whose path contains one of the words (all, when there are none). → `{ passed, failed }` */
export async function runTests(words) {
  const files = (await filesBelow('dist/test'))
    .filter((path) => path.endsWith('.test.js'))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
  const tally = new Tally();
  const enough = words.length === 0 ? fewestFiles : 1;
  if (files.length < enough) tally.fail('(files)', `${files.length} test files found, at least ${enough} expected`);
  say(`${files.length} test files …`);
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
  try {
    await follow(files, tally);
  } finally {
    await stopServer();
  }
  tally.print();
  return { passed: tally.passed, failed: tally.failures.length };
}

async function follow(files, tally) {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort());
  const { signal } = stop;
  // Every test file listens to it: that is no leak.
  setMaxListeners(0, signal);
  const stream = run({ files: files.map((path) => join(root, path)), concurrency: 2, timeout: fileTimeoutMs, signal });
  for await (const { type, data } of stream) tally.take(type, data);
  tally.closeFile();
  // A file that ends without a single test was not tested, whatever its exit code says.
  for (const path of files.map(short)) if (!tally.files.has(path)) tally.fail(path, 'no test in this file ran');
}

/** Node hands the files' events over one file after the other, so a new name means that the file before is finished. */
class Tally {
  passed = 0;
  skips = [];
  failures = [];
  files = new Set();
  #file = { name: '', passed: 0, failed: 0, skipped: 0, ms: 0 };

  take(type, data) {
    if (type === 'test:pass') this.#ended(data, true);
    if (type === 'test:fail') this.#ended(data, false);
    if (type === 'test:stdout' || type === 'test:stderr') process.stdout.write(data.message);
  }

  fail(file, why) {
    this.failures.push({ file, name: 'the file itself', why });
  }

  closeFile() {
    const { name, passed, failed, skipped, ms } = this.#file;
    if (name === '') return;
    const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`].filter(
      Boolean,
    );
    process.stdout.write(`${failed > 0 ? '✖' : '✔'} ${name}: ${counts.join(', ')} (${Math.round(ms)} ms)\n`);
    this.#file = { name: '', passed: 0, failed: 0, skipped: 0, ms: 0 };
  }

  print() {
    for (const { file, name, why } of this.skips) process.stdout.write(`- skipped ${file} › ${name}: ${why}\n`);
    for (const { file, name, why } of this.failures) process.stdout.write(`\n✖ ${file} › ${name}\n${indented(why)}\n`);
  }

  #ended(data, isPass) {
    const name = data.file === undefined ? this.#file.name : short(relative(root, data.file));
    if (name !== this.#file.name) {
      this.closeFile();
      this.#file.name = name;
    }
    if (data.nesting === 0) this.#file.ms += data.details.duration_ms;
    if (isEcho(data) || (isPass && (data.details.type === 'suite' || isFileItself(data, name)))) return;
    this.files.add(name);
    this.#count(data, isPass, name);
  }

  #count(data, isPass, file) {
    const because = data.skip ?? data.todo;
    if (because !== undefined) {
      this.#file.skipped += 1;
      this.skips.push({ file, name: data.name, why: because === true ? 'no reason given' : because });
    } else if (isPass) {
      this.#file.passed += 1;
      this.passed += 1;
    } else {
      this.#file.failed += 1;
      this.failures.push({ file, name: data.name, why: reason(data) });
      process.stdout.write(`✖ ${file} › ${data.name}\n`);
    }
  }
}

/** Node reports a file like a test that is named after it. */
function isFileItself(data, name) {
  return data.nesting === 0 && data.name.endsWith('.test.js') && short(relative(root, data.name)) === name;
}

/** Fails only because something in it failed, which was reported already. */
function isEcho(data) {
  return data.details.error?.failureType === 'subtestsFailed';
}

function reason(data) {
  const error = data.details.error?.cause ?? data.details.error;
  return typeof error === 'string' ? error : (error?.stack ?? inspect(error));
}

/** `dist/test/store/batch.test.js` and, by its source map, `test/store/batch.test.ts` are both `store/batch`. */
function short(path) {
  return path.replace(/^(dist\/)?test\//, '').replace(/\.test\.[jt]s$/, '');
}

function indented(text) {
  return text.replace(/^/gm, '    ');
}

/** The tests share one PostgreSQL and leave it running for each other. */
async function stopServer() {
  const fixture = join(root, 'dist/test/database.js');
  if (!existsSync(join(root, '.tmp/postgres/cluster/postmaster.pid')) || !existsSync(fixture)) return;
  const { stopTestServer } = await import(fixture);
  await stopTestServer();
}

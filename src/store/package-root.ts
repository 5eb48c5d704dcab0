/** The folder of `package.json`: where `migrations/` and `public/` lie, whether we run from `src/` or from `dist/src/`. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('package.json not found above the program');
    folder = dirname(folder);
  }
  return folder;
}

export const packageRoot: string = findRoot();

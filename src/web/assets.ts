/** Stylesheets and scripts of `public/`, served as they are. Read once; what is asked for is looked up, never opened. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { packageRoot } from '../store/package-root.ts';
import type { WebReply, WebRequest } from './web.ts';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

interface Asset {
  readonly bytes: Uint8Array;
  readonly type: string;
  /** SHA-256, base64: for `integrity`, and in the address so that it may be kept for good. */
  readonly hash: string;
}

export class Assets {
  readonly #files: ReadonlyMap<string, Asset>;

  constructor(files: ReadonlyMap<string, Asset>) {
    this.#files = files;
  }

  /** Address of a file of ours. Throws when there is no such file: a page must not be sent without its style. */
  url(name: string): string {
    return `/assets/${name}?v=${this.#known(name).hash.slice(0, 12).replace(/[+/]/g, '-')}`;
  }

  /** For `integrity`: the browser refuses a file that somebody has changed on the way (T086). */
  integrity(name: string): string {
    return `sha256-${this.#known(name).hash}`;
  }

  #known(name: string): Asset {
    const asset = this.#files.get(name);
    if (!asset) throw new Error(`public/${name} is missing`);
    return asset;
  }

  /** Null when the path is none of `/assets/…`. */
  answer({ method, path, query }: WebRequest): WebReply | null {
    if (!path.startsWith('/assets/')) return null;
    const name = path.slice('/assets/'.length);
    const asset = this.#files.get(name);
    const headers = { 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' };
    const plain = { ...headers, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
    if (method !== 'GET' && method !== 'HEAD')
      return { status: 405, headers: { ...plain, allow: 'GET, HEAD' }, body: '' };
    if (!asset) return { status: 404, headers: plain, body: 'not found\n' };
    const isPresent = this.url(name).endsWith(`?v=${query.get('v') ?? ''}`);
    return {
      status: 200,
      headers: {
        ...headers,
        'content-type': asset.type,
        'cache-control': isPresent ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
      },
      body: asset.bytes,
    };
  }
}

/** Reads every servable file directly in `public/`. */
export async function readAssets(folder: string = join(packageRoot, 'public')): Promise<Assets> {
  const names = (await readdir(folder)).filter((name) => extname(name) in types);
  const files = await Promise.all(
    names.map(async (name): Promise<[string, Asset]> => {
      const bytes = await readFile(join(folder, name));
      const hash = createHash('sha256').update(bytes).digest('base64');
      return [name, { bytes, type: types[extname(name)] ?? '', hash }];
    }),
  );
  return new Assets(new Map(files));
}

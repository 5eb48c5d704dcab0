/** A QR code as SVG in the page and as PNG to keep: always dark on white with its quiet zone, whatever the page's colours are. */
import { encode } from 'uqr';
import { type Html, html } from '../html.ts';
import { pngOf } from './png.ts';

const quietModules = 4;

/** Null when the text is too long for a QR code. */
export function qrCode(text: string, title: string): Html | null {
  const modules = modulesOf(text);
  if (modules === null) return null;
  const size = modules.length + 2 * quietModules;
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" shape-rendering="crispEdges"><title>${title}</title><rect width="${size}" height="${size}" fill="#fff"/><path d="${pathOf(modules)}" fill="#000"/></svg>`;
}

const pngScale = 12;

/** For the phone's gallery, where wallets pick codes from. Null when the text is too long for a QR code. */
export function qrPng(text: string): Uint8Array | null {
  const modules = modulesOf(text);
  if (modules === null) return null;
  const size = modules.length + 2 * quietModules;
  const blank = Array.from({ length: quietModules }, () => Array.from({ length: size }, () => false));
  const side = Array.from({ length: quietModules }, () => false);
  return pngOf([...blank, ...modules.map((row) => [...side, ...row, ...side]), ...blank], pngScale);
}

function modulesOf(text: string): readonly (readonly boolean[])[] | null {
  try {
    return encode(text, { ecc: 'M', border: 0 }).data;
  } catch {
    return null;
  }
}

/** One stroke per run of dark modules in a row. */
function pathOf(modules: readonly (readonly boolean[])[]): string {
  const strokes: string[] = [];
  modules.forEach((row, y) => {
    let from = 0;
    while (from < row.length) {
      if (!row[from]) {
        from += 1;
        continue;
      }
      let to = from;
      while (row[to]) to += 1;
      strokes.push(`M${from + quietModules} ${y + quietModules}h${to - from}v1h-${to - from}z`);
      from = to;
    }
  });
  return strokes.join('');
}

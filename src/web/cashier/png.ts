/** A picture of black and white squares as PNG: one bit a pixel, no colours, no libraries. */
import { crc32, deflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** `modules`: rows of squares, true = black, all of one length. Each becomes `scale` × `scale` pixels. */
export function pngOf(modules: readonly (readonly boolean[])[], scale: number): Uint8Array {
  const size = modules.length * scale;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  // One bit per pixel, greyscale; the rest is 0: deflate, the usual filters, not interlaced.
  head.writeUInt8(1, 8);
  const lines = modules.flatMap((row) => {
    const line = lineOf(row, scale);
    return Array.from({ length: scale }, () => line);
  });
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A filter byte (none), then eight pixels a byte from the left; 1 is white. */
function lineOf(row: readonly boolean[], scale: number): Buffer {
  const line = Buffer.alloc(1 + Math.ceil((row.length * scale) / 8));
  row.forEach((isBlack, square) => {
    if (isBlack) return;
    for (let x = square * scale; x < (square + 1) * scale; x += 1) {
      const at = 1 + (x >> 3);
      line.writeUInt8(line.readUInt8(at) | (0x80 >> (x & 7)), at);
    }
  });
  return line;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.byteLength);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

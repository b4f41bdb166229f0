// Content codings of answers that have to be read although nobody asked for them to be compressed.
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, createBrotliDecompress, createGunzip, createInflate, gunzip, inflate } from 'node:zlib';

type Header = string | string[] | undefined;

const nameOf = (coding: Header): string => [coding ?? ''].flat().join(',').trim().toLowerCase();

/** Null: nothing to decode. */
export function decoderFor(coding: Header): Transform | null | 'unknown' {
  switch (nameOf(coding)) {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return 'unknown';
  }
}

/** What an agent accepts, without the codings that could not be looked into; undefined where it says nothing. */
export function readableCodings(accepted: string | undefined): string | undefined {
  const codings = accepted?.split(',').filter((coding) => {
    const [name = ''] = coding.trim().toLowerCase().split(';', 1);
    return name.trim() === 'identity' || Object.hasOwn(whole, name.trim());
  });
  return codings?.length === 0 ? 'identity' : codings?.join(',');
}

const whole = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** A whole answer, no larger than `most` bytes; null where it cannot be decoded. */
export async function decode(bytes: Buffer, coding: Header, most: number): Promise<Buffer | null> {
  const name = nameOf(coding);
  if (name === '' || name === 'identity') return bytes;
  if (!Object.hasOwn(whole, name)) return null;
  return whole[name as keyof typeof whole](bytes, { maxOutputLength: most }).catch(() => null);
}

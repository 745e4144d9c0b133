import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** How a file is packed, by the ending of its name. */
export type Packing = 'gz' | 'zst'

/** The packing that the ending of a file's name says; undefined for none. */
export function packingOfName(name: string): Packing | undefined {
  return /\.(gz|zst)$/i.exec(name)?.[1]?.toLowerCase() as Packing | undefined
}

/** The same bytes, packed. */
export async function* compress(
  pieces: AsyncIterable<Uint8Array>,
  packing: Packing,
): AsyncGenerator<Uint8Array, void, void> {
  const packer = await openPacker(packing)
  const done = pipeline(Readable.from(pieces), packer)
  // The loop below is told the same.
  done.catch(() => undefined)
  try {
    for await (const piece of packer) yield piece as Uint8Array
    await done
  } finally {
    packer.destroy()
  }
}

async function openPacker(packing: Packing): Promise<Transform> {
  if (packing === 'gz') return (await import('node:zlib')).createGzip()
  return (await import('../zstd/pack-stream.ts')).zstdPacker()
}

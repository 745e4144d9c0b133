import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { VarveError } from '../core/errors.ts'
import { badInput } from './bad-input.ts'
import type { InputTable, OpenOptions } from './table.ts'

const PIECE_BYTES = 256 * 1024

/**
 * The bytes of a table, unpacked where its name ends in `.gz` or `.zst`: in pieces, so that no more
 * than a few are held however much there is. `bad-input` naming the table where what is packed is
 * damaged or cut.
 */
export function openUnpacked(input: InputTable, options?: OpenOptions): AsyncIterable<Uint8Array> {
  const ending = /\.(gz|zst)$/i.exec(input.name)?.[1]?.toLowerCase()
  if (ending === undefined) return input.open(options)
  return ending === 'gz' ? gunzipped(input) : unzstd(input)
}

async function* gunzipped(input: InputTable): AsyncGenerator<Uint8Array, void, void> {
  const packed = Readable.from(copies(input.open()), { highWaterMark: 1 })
  const { createGunzip } = await import('node:zlib')
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES })
  packed.on('error', (error) => gunzip.destroy(error))
  packed.pipe(gunzip)
  try {
    for await (const piece of gunzip) yield piece as Buffer
  } catch (error) {
    if (error instanceof VarveError || !isZlibError(error)) throw error
    throw damaged(input, 'gzip', error.code === 'Z_BUF_ERROR', error)
  } finally {
    packed.destroy()
    gunzip.destroy()
  }
}

/** A stream reads ahead, and the source may use its buffer again. */
async function* copies(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  for await (const piece of source) yield Buffer.from(piece)
}

function isZlibError(error: unknown): error is Error & { readonly code: string } {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && code.startsWith('Z_')
}

async function* unzstd(input: InputTable): AsyncGenerator<Uint8Array, void, void> {
  const { unpackZstd, ZstdDamage } = await import('../zstd/unpack-stream.ts')
  try {
    yield* unpackZstd(input.open())
  } catch (error) {
    if (error instanceof ZstdDamage) throw damaged(input, 'zstd', error.isCut, error)
    throw error
  }
}

function damaged(
  { name }: InputTable,
  method: string,
  isCut: boolean,
  cause?: unknown,
): VarveError {
  return badInput({
    file: name,
    found: isCut ? 'its end before the end of the data' : 'something else',
    expected: `data packed by ${method}`,
    reason: isCut ? 'is the file cut?' : 'the file is damaged, or its name is not what it is',
    cause,
  })
}

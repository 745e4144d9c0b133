import { pipeline, Readable, type Transform } from 'node:stream'
import { createGzip } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import type { ArchiveFormat } from './archive.ts'

export interface ArchiveMember {
  readonly name: string
  /** Of all its bytes. */
  readonly size: number
  readonly bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

export interface PackOptions {
  readonly format: ArchiveFormat
  /** When all members were last modified, in seconds since 1970. */
  readonly seconds: number
}

/** A tar archive of the members, as they come; each is asked for when the one before is written. */
export async function* packMembers(
  members: AsyncIterable<ArchiveMember>,
  { format, seconds }: PackOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const tar = tarOf(members, new Date(seconds * 1000))
  if (format === 'tar') yield* tar
  else yield* through(tar, await compressor(format))
}

async function* tarOf(
  members: AsyncIterable<ArchiveMember>,
  mtime: Date,
): AsyncGenerator<Uint8Array, void, void> {
  const tar = pack()
  const written = writeMembers(tar, members, mtime).catch((error) => tar.destroy(error))
  try {
    for await (const piece of tar) yield piece as Uint8Array
  } finally {
    tar.destroy()
    await written
  }
}

async function writeMembers(
  tar: Pack,
  members: AsyncIterable<ArchiveMember>,
  mtime: Date,
): Promise<void> {
  for await (const { name, size, bytes } of members) {
    await new Promise<void>((resolve, reject) => {
      // Nothing of this machine: the same commit gives the same archive.
      const header = { name, size, mtime, mode: 0o644, uid: 0, gid: 0, uname: '', gname: '' }
      const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()))
      const feed = async (): Promise<void> => {
        for await (const piece of bytes) {
          if (entry.destroyed) return
          if (!entry.write(piece)) await drained(entry)
        }
        entry.end(null)
      }
      feed().catch((error) => entry.destroy(error))
    })
  }
  tar.finalize()
}

/** When more can be written, or nobody reads on. */
function drained(entry: ReturnType<Pack['entry']>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      entry.off('drain', done)
      entry.off('close', done)
      resolve()
    }
    entry.on('drain', done)
    entry.on('close', done)
  })
}

async function compressor(format: Exclude<ArchiveFormat, 'tar'>): Promise<Transform> {
  if (format === 'tar.gz') return createGzip()
  return (await import('../zstd/pack-stream.ts')).zstdPacker()
}

async function* through(
  source: AsyncGenerator<Uint8Array, void, void>,
  transform: Transform,
): AsyncGenerator<Uint8Array, void, void> {
  // What goes wrong on either side ends the other; the loop throws it.
  pipeline(Readable.from(source), transform, () => undefined)
  for await (const piece of transform) yield piece
}

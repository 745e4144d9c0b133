import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { unpackZstd } from '../zstd/unpack-stream.ts'

/** What was published at one moment: the tables that changed then. */
export interface Publication {
  /** Seconds since 1970. */
  readonly seconds: number
  readonly tables: Map<string, Uint8Array>
}

const ENTRY = /^(?:\.\/)?(\d+-(\d+))\/([a-z-]+)\.csv$/

/** The publications in an archive of folders `NNNNN-UNIXTIME/`, in order; all held in memory. */
export async function readPublications(archive: URL): Promise<Publication[]> {
  const found = new Map<string, Publication>()
  const unpacked = extract()
  const reading = pipeline(createReadStream(archive), unpackZstd, unpacked)
  for await (const entry of unpacked) {
    const match = ENTRY.exec(entry.header.name)
    if (match === null) {
      entry.resume()
      continue
    }
    const [, folder, seconds, series] = match as unknown as string[]
    const publication = found.get(folder!) ?? { seconds: Number(seconds), tables: new Map() }
    found.set(folder!, publication)
    const pieces: Uint8Array[] = []
    for await (const piece of entry) pieces.push(piece as Uint8Array)
    publication.tables.set(series!, Buffer.concat(pieces))
  }
  await reading
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, publication]) => publication)
}

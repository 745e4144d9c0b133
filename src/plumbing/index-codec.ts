import { createHash } from 'node:crypto'
import { equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { type FileRow, type IndexBody, isIndexBody } from './index-shape.ts'
import { type KeptReading, readingFromJson, readingToJson } from './kept-reading.ts'

/**
 * What the next commit will hold, and which files in the work tree hold which series. Private to
 * one work tree: it is never sent, and what it says of files is only ever a reason not to read
 * them again.
 */
export interface IndexState {
  /** The tree that the next commit will have. */
  readonly tree: Id
  /** The commit that the pending changes were made on; absent before the first. */
  readonly base?: Id
  /** How many entries the ref log had when something was last staged; absent before that. */
  readonly stagedAt?: number | undefined
  /** Packs that hold what `tree` needs and that the ref log does not name yet. */
  readonly packs: readonly string[]
  /** Series that have a file in the work tree, by path. */
  readonly files: ReadonlyMap<string, SeriesFile>
  /** Files elsewhere that series were last added from, absolute, by path of the series. */
  readonly sources?: ReadonlyMap<string, SeriesFile> | undefined
  /**
   * The files that series had which have none now, by path: one that comes back gets the same.
   * Kept by `publishIndex`, only of those that would get another.
   */
  readonly past?: ReadonlyMap<string, string> | undefined
}

/** A series' file in the work tree, as it was when it and the series last agreed. */
export interface SeriesFile {
  /** Below the work tree's root, `/`-separated. */
  readonly file: string
  /** The series that the file holds. */
  readonly id: Id
  readonly stamp: FileStamp
  /** How the file is written down, where that is not as varve writes it. */
  readonly reading?: KeptReading | undefined
}

/** What tells, without reading it, that a file is still the same. */
export interface FileStamp {
  /** Bytes. */
  readonly size: number
  /** Last change, nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly inode: bigint
}

const HEADER = /^varve index (\d+) ([0-9a-f]{64})\n/
const VERSION = 3
/** Versions that are read: in 1 no file has a reading, in 2 there are neither these nor stagedAt, sources, past. */
const READABLE = [1, 2, 3]

/** One header line with the format's version and the SHA-256 of the rest, which is JSON. */
export function encodeIndex(state: IndexState): Uint8Array {
  const { sources, past, stagedAt } = state
  const body = JSON.stringify({
    tree: state.tree,
    base: state.base ?? null,
    packs: state.packs,
    files: fileRows(state.files),
    ...(stagedAt !== undefined && { stagedAt }),
    ...(sources !== undefined && sources.size > 0 && { sources: fileRows(sources) }),
    ...(past !== undefined && past.size > 0 && { past: [...past] }),
  })
  return Buffer.from(`varve index ${VERSION} ${digest(body)}\n${body}\n`)
}

function fileRows(files: ReadonlyMap<string, SeriesFile>): FileRow[] {
  return [...files].map(([path, { file, id, stamp, reading }]): FileRow => {
    const { size, mtimeNs, inode } = stamp
    const row = [path, file, id, size, String(mtimeNs), String(inode)] as const
    return reading === undefined ? [...row] : [...row, readingToJson(reading)]
  })
}

/** What was decoded last: a command reads the index several times, and it is seldom another. */
let last: { readonly bytes: Uint8Array; readonly state: IndexState } | undefined

/** Reads {@link encodeIndex}'s bytes; `corrupt-file` when they do not check. */
export function decodeIndex(bytes: Uint8Array): IndexState {
  if (last === undefined || !equalBytes(last.bytes, bytes)) last = { bytes, state: decoded(bytes) }
  return last.state
}

function decoded(bytes: Uint8Array): IndexState {
  const text = Buffer.from(bytes).toString('utf8')
  const header = HEADER.exec(text)
  if (header === null) throw damaged('its first line is not an index header')
  if (!READABLE.includes(Number(header[1]))) {
    throw new VarveError('unsupported-format', `the index has version ${header[1]}`, {
      hint: 'a newer varve wrote it: update this one',
    })
  }
  const body = text.slice(header[0].length, -1)
  if (digest(body) !== header[2]) throw damaged('its checksum does not match')
  const json = parseJson(body)
  if (!isIndexBody(json)) throw damaged('what it says is not what an index says')
  return parseBody(json)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged('it is not JSON', cause)
  }
}

function digest(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

function parseBody({ tree, base, packs, files, stagedAt, sources, past }: IndexBody): IndexState {
  return {
    tree: storedId(tree),
    ...(base !== null && { base: storedId(base) }),
    packs,
    files: parseFiles(files),
    ...(stagedAt !== undefined && { stagedAt }),
    ...(sources !== undefined && { sources: parseFiles(sources) }),
    ...(past !== undefined && { past: new Map(past) }),
  }
}

function parseFiles(rows: readonly FileRow[]): Map<string, SeriesFile> {
  return new Map(
    rows.map(([path, file, id, size, mtime, inode, reading]) => [
      path,
      {
        file,
        id: storedId(id),
        stamp: { size, mtimeNs: BigInt(mtime), inode: BigInt(inode) },
        ...(reading !== undefined && { reading: readingFromJson(reading) }),
      },
    ]),
  )
}

function storedId(text: string): Id {
  if (!isId(text)) throw damaged('an id in it is not one')
  return text
}

function damaged(why: string, cause?: unknown): VarveError {
  return new VarveError('corrupt-file', `the index is damaged: ${why}`, {
    cause,
    hint: 'remove the file index.<number> in .varve: the index is then as HEAD, and files stay as they are',
  })
}

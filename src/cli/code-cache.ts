import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'

// What V8 made of the program's code, kept for the next time. One file for each command and V8:
//
// | bytes | |
// |---|---|
// | 32 | SHA-256 of all that follows |
// | 4 | length of the list, little-endian |
// | | the list: JSON, `[[name of a chunk, its bytes], …]`; before them how often the file was written, as a number |
// | | V8's data, one chunk after the other |
//
// V8 itself checks that the data are of its version and flags, and of code of this length; the names
// of chunks have a hash of their code in them.

const HASH_BYTES = 32
const HEAD_BYTES = HASH_BYTES + 4

export type CompiledChunks = ReadonlyMap<string, Buffer>

export interface CodeCache {
  readonly chunks: CompiledChunks
  /** How often it was written: each run adds what it was the first to call. */
  readonly writes: number
}

/** A folder for compiled code. */
export interface CacheFolder {
  readonly path: string
  /**
   * Whether it must be one's own, and its files: code from them is run, so nobody else may have written
   * them. A folder beside the program's own code needs no such check.
   */
  readonly isPrivate: boolean
}

/** The chunks in the first of the folders that has the file; none where it is not there or damaged. */
export function readCodeCache(folders: readonly CacheFolder[], name: string): CodeCache {
  for (const folder of folders) {
    const bytes = readTrusted(folder, name)
    const cache = bytes && parse(bytes)
    if (cache !== undefined) return cache
  }
  return { chunks: new Map(), writes: 0 }
}

/** Puts the file into the first folder that can be written to; if none can, there is no cache. */
export function writeCodeCache(
  folders: readonly CacheFolder[],
  name: string,
  cache: CodeCache,
): void {
  const bytes = format(cache)
  for (const folder of folders) {
    if (publish(folder, name, bytes)) return
  }
}

/** Whether it could be written. Why not does not matter: the command is done, the next works without. */
function publish({ path, isPrivate }: CacheFolder, name: string, bytes: Buffer): boolean {
  const temporary = join(path, `${name}.${process.pid}`)
  try {
    fs.mkdirSync(path, { recursive: true, mode: 0o755 })
    if (isPrivate && !isOwnFolder(path)) return false
    fs.writeFileSync(temporary, bytes, { mode: 0o644 })
    fs.renameSync(temporary, join(path, name))
    return true
  } catch {
    try {
      fs.rmSync(temporary, { force: true })
    } catch {}
    return false
  }
}

/** Undefined where it cannot be read, for whatever reason, or must be one's own and is not. */
function readTrusted({ path, isPrivate }: CacheFolder, name: string): Buffer | undefined {
  let descriptor: number | undefined
  try {
    if (isPrivate && !isOwnFolder(path)) return undefined
    descriptor = fs.openSync(join(path, name), 'r')
    if (isPrivate && !isOwn(fs.fstatSync(descriptor))) return undefined
    return fs.readFileSync(descriptor)
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

/** Whether nobody else can put anything into a folder. Where it is a link, others may have made that. */
function isOwnFolder(path: string): boolean {
  const found = fs.lstatSync(path)
  return found.isDirectory() && isOwn(found)
}

function isOwn({ uid, mode }: fs.Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o022) === 0
}

function format({ chunks, writes }: CodeCache): Buffer {
  const lengths = [...chunks].map(([name, { length }]) => [name, length])
  const list = Buffer.from(JSON.stringify([writes, ...lengths]))
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32LE(list.length, HASH_BYTES)
  const bytes = Buffer.concat([head, list, ...chunks.values()])
  createHash('sha256').update(bytes.subarray(HASH_BYTES)).digest().copy(bytes)
  return bytes
}

function parse(bytes: Buffer): CodeCache | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const hash = createHash('sha256').update(bytes.subarray(HASH_BYTES)).digest()
  if (!hash.equals(bytes.subarray(0, HASH_BYTES))) return undefined
  let at = HEAD_BYTES + bytes.readUInt32LE(HASH_BYTES)
  const list = JSON.parse(bytes.toString('utf8', HEAD_BYTES, at))
  const [writes, ...lengths]: [number, ...(readonly [name: string, length: number])[]] = list
  // Of an earlier program, which did not count.
  if (typeof writes !== 'number') return undefined
  const chunks = new Map<string, Buffer>()
  for (const [name, length] of lengths) {
    chunks.set(name, bytes.subarray(at, at + length))
    at += length
  }
  return { chunks, writes }
}

import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ByteReader, ByteWriter, equalBytes, textToBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import {
  fsyncFile,
  fsyncFolder,
  linkFile,
  makeFolder,
  readWhole,
  removeFile,
  type SyncObserver,
  temporaryName,
  writeFully,
} from './durable.ts'
import { fileError, systemCode, withPath } from './file-errors.ts'
import { CHECKSUM_BYTES, checksum } from './pack-record.ts'

// A file that is replaced by compare-and-swap, without locks. Version n is `NAME.n`, published
// with link(2); the highest number is what counts, lower ones are removed.
//
//   0        7  `varveVF`
//   7        1  version of the format: 1
//   8        8  token: random, of this version
//   16       …  list of 8 bytes: tokens of the versions before, the newest first, at most 64
//            …  content: varint length, bytes
//            8  first bytes of SHA-256 over all of the above

const HEAD = Uint8Array.of(...textToBytes('varveVF'), 1)
const TOKEN_BYTES = 8
const TOKENS_KEPT = 64

export interface Versioned {
  /** At least 1; 0 stands for a file that is not there. */
  readonly version: number
  readonly bytes: Uint8Array
}

/** A file that many may replace at once and nobody's replacement is lost. */
export interface VersionedFile {
  /** The content now, or undefined when there is none. */
  read(): Promise<Versioned | undefined>
  /**
   * Makes `bytes` the version after `version`, durably. Returns its number, or undefined, and
   * changes nothing, when another was first: read again and repeat the change on that.
   */
  replace(version: number, bytes: Uint8Array): Promise<number | undefined>
}

export interface VersionContent {
  readonly token: Uint8Array
  readonly before: readonly Uint8Array[]
  readonly content: Uint8Array
}

/**
 * Opens a versioned file.
 *
 * @param path of the file without the number
 * @param temporary folder on the same file system, for files not yet published
 */
export function openVersionedFile(
  path: string,
  temporary: string,
  onSync?: SyncObserver,
): VersionedFile {
  return new FileSystemVersionedFile(path, temporary, onSync)
}

class FileSystemVersionedFile implements VersionedFile {
  readonly #folder: string
  readonly #base: string
  readonly #temporary: string
  readonly #onSync: SyncObserver | undefined

  constructor(path: string, temporary: string, onSync: SyncObserver | undefined) {
    this.#folder = dirname(path)
    this.#base = basename(path)
    this.#temporary = temporary
    this.#onSync = onSync
  }

  async read(): Promise<Versioned | undefined> {
    const found = await this.#latest()
    return found && { version: found.version, bytes: found.decoded.content }
  }

  async replace(version: number, bytes: Uint8Array): Promise<number | undefined> {
    const current = await this.#latest()
    if ((current?.version ?? 0) !== version) return undefined
    const token = randomBytes(TOKEN_BYTES)
    const before = current === undefined ? [] : [current.decoded.token, ...current.decoded.before]
    const next = version + 1
    const encoded = encodeVersion({ token, before: before.slice(0, TOKENS_KEPT), content: bytes })
    if (!(await this.#publish(next, encoded))) return undefined
    const versions = this.#versions()
    if (versions.some((other) => other > next)) {
      // Either our number had been freed and nobody reads it, or others have built on it already.
      const latest = await this.#latest()
      const built = latest?.decoded.before.some((known) => equalBytes(known, token)) ?? false
      if (!built) {
        await removeFile(this.#path(next))
        return undefined
      }
    }
    for (const old of versions) if (old < next) await removeFile(this.#path(old))
    return next
  }

  #path(version: number): string {
    return join(this.#folder, `${this.#base}.${version}`)
  }

  #versions(): number[] {
    let names: string[]
    try {
      names = fs.readdirSync(this.#folder)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return []
      throw fileError(error, 'list', this.#folder)
    }
    const versions: number[] = []
    for (const name of names) {
      if (!name.startsWith(`${this.#base}.`)) continue
      const digits = name.slice(this.#base.length + 1)
      if (/^[1-9][0-9]{0,14}$/.test(digits)) versions.push(Number(digits))
    }
    return versions
  }

  /** The highest version, read between two looks at the folder that agree on it. */
  async #latest(): Promise<{ version: number; decoded: VersionContent } | undefined> {
    let version = Math.max(0, ...this.#versions())
    for (;;) {
      if (version === 0) return undefined
      const path = this.#path(version)
      const bytes = await readWhole(path)
      const again = Math.max(0, ...this.#versions())
      if (bytes !== undefined && again === version)
        return { version, decoded: decodeVersion(bytes, path) }
      version = again
    }
  }

  async #publish(version: number, bytes: Uint8Array): Promise<boolean> {
    await makeFolder(this.#temporary, this.#onSync)
    await makeFolder(this.#folder, this.#onSync)
    const temporary = join(this.#temporary, temporaryName())
    await writeTemporary(temporary, bytes, this.#onSync)
    try {
      const won = await linkFile(temporary, this.#path(version))
      if (won) await fsyncFolder(this.#folder, this.#onSync)
      return won
    } finally {
      await removeFile(temporary)
    }
  }
}

/** A new file with these bytes, flushed. Nothing is left of it when that fails. */
export async function writeTemporary(
  path: string,
  bytes: Uint8Array,
  onSync?: SyncObserver,
): Promise<void> {
  const fd = await withPath('create', path, () => fs.openSync(path, 'wx'))
  try {
    await writeFully(fd, bytes, path)
    await fsyncFile(fd, path, onSync)
  } catch (error) {
    await removeFile(path)
    throw error
  } finally {
    fs.closeSync(fd)
  }
}

/** The bytes of one version. */
export function encodeVersion({ token, before, content }: VersionContent): Uint8Array {
  const writer = new ByteWriter(content.length + 1024).bytes(HEAD).bytes(token)
  writer.varint(before.length)
  for (const known of before) writer.bytes(known)
  const covered = writer.lengthPrefixed(content).finish()
  return Buffer.concat([covered, checksum(covered)])
}

/** Reads one version; `corrupt-file` when a byte is wrong. */
export function decodeVersion(bytes: Uint8Array, path: string): VersionContent {
  const end = bytes.length - CHECKSUM_BYTES
  if (bytes.length > 7 && equalBytes(bytes.subarray(0, 7), HEAD.subarray(0, 7)) && bytes[7] !== 1) {
    throw new VarveError('unsupported-format', `${path} has version ${bytes[7]} of the format`, {
      data: { path, version: bytes[7] },
      hint: 'a newer varve wrote it: install that',
    })
  }
  if (end < HEAD.length || !equalBytes(checksum(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw new VarveError('corrupt-file', `${path} is damaged: its checksum does not fit`, {
      data: { path },
      hint: 'remove it to begin with an empty one',
    })
  }
  const reader = new ByteReader(bytes.subarray(HEAD.length, end), 'corrupt-file')
  const token = reader.bytes(TOKEN_BYTES)
  const count = reader.varint()
  const before: Uint8Array[] = []
  for (let i = 0; i < count; i++) before.push(reader.bytes(TOKEN_BYTES))
  const content = reader.lengthPrefixed()
  reader.expectEnd()
  return { token, before, content }
}

/** A versioned file that lives as long as the process. */
export function createMemoryVersionedFile(): VersionedFile {
  let current: Versioned | undefined
  return {
    async read() {
      return current && { version: current.version, bytes: new Uint8Array(current.bytes) }
    },
    async replace(version, bytes) {
      if ((current?.version ?? 0) !== version) return undefined
      // Not slice, which copies nothing of a Buffer.
      current = { version: version + 1, bytes: new Uint8Array(bytes) }
      return current.version
    },
  }
}

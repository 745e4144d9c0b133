import { VarveError } from '../../core/errors.ts'
import type { GitObjects } from './git-objects.ts'

/** A file of a git tree: what it is and where. */
export interface GitFile {
  readonly path: string
  /** Undefined where it is not there any more. */
  readonly oid: string | undefined
}

interface Entry {
  readonly kind: 'tree' | 'file' | 'other'
  readonly oid: string
}

/** Names that one commit may change before it is taken for an attack. */
const MOST_NAMES = 5_000_000
/** Names in trees that are kept, as most of them are asked for again by the next commit. */
const KEPT_NAMES = 1_000_000
const MOST_DEPTH = 200

const NOTHING: ReadonlyMap<string, Entry> = new Map()

/** The trees of a git repository, and what differs between two. Only plain files count. */
export class GitTrees {
  readonly #objects: GitObjects
  readonly #kept = new Map<string, ReadonlyMap<string, Entry>>()
  #keptNames = 0

  constructor(objects: GitObjects) {
    this.#objects = objects
  }

  /**
   * The files below `prefix` (`data`, or the empty text for all) that differ between two trees; equal
   * trees inside are not looked into. Paths have the prefix.
   */
  async *changes(
    before: string | undefined,
    after: string | undefined,
    prefix: string,
  ): AsyncGenerator<GitFile, void, void> {
    let [old, next] = [before, after]
    let file: { before: Entry | undefined; after: Entry | undefined } | undefined
    const parts = prefix.split('/').filter((part) => part !== '')
    for (const [at, part] of parts.entries()) {
      const was = (await this.#read(old)).get(part)
      const is = (await this.#read(next)).get(part)
      if (at === parts.length - 1) file = { before: was, after: is }
      old = was?.kind === 'tree' ? was.oid : undefined
      next = is?.kind === 'tree' ? is.oid : undefined
    }
    const path = parts.join('/')
    if (file !== undefined) yield* fileChange(path, file.before, file.after)
    const seen = { names: 0 }
    yield* this.#between(old, next, path === '' ? '' : `${path}/`, 0, seen)
  }

  async *#between(
    before: string | undefined,
    after: string | undefined,
    folder: string,
    depth: number,
    seen: { names: number },
  ): AsyncGenerator<GitFile, void, void> {
    if (before === after) return
    if (depth > MOST_DEPTH) throw tooMuch(`folders ${MOST_DEPTH} deep`)
    const old = await this.#read(before)
    const next = await this.#read(after)
    seen.names += old.size + next.size
    if (seen.names > MOST_NAMES) throw tooMuch(`${MOST_NAMES} names in one commit`)
    for (const [name, was] of old) {
      if (!next.has(name)) yield* this.#change(folder + name, was, undefined, depth, seen)
    }
    for (const [name, is] of next) {
      const was = old.get(name)
      if (was?.oid === is.oid && was.kind === is.kind) continue
      yield* this.#change(folder + name, was, is, depth, seen)
    }
  }

  async *#change(
    path: string,
    was: Entry | undefined,
    is: Entry | undefined,
    depth: number,
    seen: { names: number },
  ): AsyncGenerator<GitFile, void, void> {
    yield* fileChange(path, was, is)
    const old = was?.kind === 'tree' ? was.oid : undefined
    const next = is?.kind === 'tree' ? is.oid : undefined
    yield* this.#between(old, next, `${path}/`, depth + 1, seen)
  }

  async #read(oid: string | undefined): Promise<ReadonlyMap<string, Entry>> {
    if (oid === undefined) return NOTHING
    const kept = this.#kept.get(oid)
    if (kept !== undefined) {
      this.#kept.delete(oid)
      this.#kept.set(oid, kept)
      return kept
    }
    const entries = parseTree(await this.#objects.structure(oid, 'tree'), oid.length / 2)
    this.#kept.set(oid, entries)
    this.#keptNames += entries.size + 1
    for (const [oldest, { size }] of this.#kept) {
      if (this.#keptNames <= KEPT_NAMES) break
      this.#kept.delete(oldest)
      this.#keptNames -= size + 1
    }
    return entries
  }
}

function* fileChange(
  path: string,
  was: Entry | undefined,
  is: Entry | undefined,
): Generator<GitFile, void, void> {
  if (is?.kind === 'file') yield { path, oid: is.oid }
  else if (was?.kind === 'file') yield { path, oid: undefined }
}

/** `MODE NAME NUL ID`, again and again. */
function parseTree(bytes: Buffer, idBytes: number): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>()
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at)
    const nul = bytes.indexOf(0, space)
    if (space < 0 || nul < 0) break
    const mode = bytes.toString('latin1', at, space)
    const oid = bytes.toString('hex', nul + 1, nul + 1 + idBytes)
    const kind = /^0?40000$/.test(mode) ? 'tree' : mode.startsWith('100') ? 'file' : 'other'
    entries.set(bytes.toString('utf8', space + 1, nul), { kind, oid })
    at = nul + 1 + idBytes
  }
  return entries
}

function tooMuch(what: string): VarveError {
  return new VarveError('too-large', `the git repository has ${what} or more`, {
    hint: '--path imports one folder of it',
  })
}

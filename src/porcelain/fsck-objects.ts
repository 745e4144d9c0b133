import { decodeCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { type SeriesFault, SeriesVerifier } from '../core/series-verify.ts'
import { readSettings } from '../core/settings.ts'
import { decodeTag } from '../core/tag.ts'
import { checkCollection, EMPTY_TREE, treeEntries } from '../core/tree.ts'
import { CheckColumns } from '../plumbing/check-columns.ts'
import type { LogState } from '../plumbing/read-log.ts'
import type { Repository } from '../plumbing/repository.ts'
import { asFault } from './fsck-fault.ts'
import { CheckingReader } from './fsck-reader.ts'

/** Where a walk begins. */
export interface Root {
  readonly id: Id
  /** What it must be; anything when not given. */
  readonly kind?: ObjectKind
  /** What messages say leads there. */
  readonly from: string
  readonly path?: string
  /** Whether all that is reachable must be in packs that the ref log names. */
  readonly published: boolean
}

/** Something wrong, and where it was met first. */
export interface Found {
  readonly error: VarveError
  readonly from?: string
  readonly commit?: Id
  readonly path?: string
  /** The part of a series that it is about. */
  readonly part?: Pick<SeriesFault, 'range' | 'column'>
}

/** What was reachable and looked at, each object once. */
export interface FsckCounts {
  readonly commits: number
  readonly trees: number
  readonly series: number
  readonly tags: number
  readonly objects: number
}

interface Step {
  readonly id: Id
  readonly kind: ObjectKind | undefined
  readonly root: Root
  readonly commit?: Id
  readonly path: string
}

export interface ReachableOptions {
  readonly onObjects?: ((count: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Says what the ref log says now. */
export type StateOf = () => Promise<LogState>

/** Goes through what is reachable, from any number of roots, looking at each object once. */
export class ReachableObjects {
  readonly #repo: Repository
  readonly #reader: CheckingReader
  readonly #readState: StateOf
  /** The newest that was looked at. */
  #state: LogState
  readonly #options: ReachableOptions
  readonly #seen = new Map<Id, ObjectKind>()
  readonly #parts = new Set<Id>()
  readonly #checkedNodes = new Set<Id>()
  readonly #columns: CheckColumns
  readonly #verifier: SeriesVerifier
  readonly #unpublished: VarveError[] = []
  #published = true
  #counts = { commits: 0, trees: 0, series: 0, tags: 0 }

  /** @param state what the ref log said when the walk began, and `readState` says now */
  constructor(
    repo: Repository,
    state: LogState,
    readState: StateOf,
    options: ReachableOptions = {},
  ) {
    this.#repo = repo
    this.#reader = new CheckingReader(repo.objects)
    this.#state = state
    this.#readState = readState
    this.#options = options
    this.#columns = new CheckColumns(repo.objects, {
      reader: this.#reader,
      onVerified: (id, length) => this.#reader.noteVerified(id, length),
    })
    this.#verifier = new SeriesVerifier(this.#reader, {
      onObject: (_kind, id) => this.#meet(id),
      factsOf: (id) => this.#columns.factsOf(id),
      onNext: (id) => this.#columns.begin(id),
    })
  }

  /** Ends what works beside. */
  close(): void {
    this.#columns.close()
  }

  get counts(): FsckCounts {
    return { ...this.#counts, objects: this.#parts.size }
  }

  /** What has read all of them, and verified them. */
  get reader(): CheckingReader {
    return this.#reader
  }

  /** What is wrong with all that a root leads to and no root before it did. */
  async *walk(root: Root): AsyncGenerator<Found> {
    this.#published = root.published
    const pending: Step[] = [{ id: root.id, kind: root.kind, root, path: root.path ?? '' }]
    for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
      if (this.#options.signal?.aborted) throw new VarveError('interrupted', 'interrupted')
      for await (const found of this.#look(step)) {
        if (found instanceof VarveError) yield foundAt({ error: found }, step)
        else if ('error' in found) yield foundAt(found, step)
        else pending.push(found)
      }
      for (const error of this.#unpublished.splice(0)) yield foundAt({ error }, step)
    }
  }

  async *#look(step: Step): AsyncGenerator<VarveError | SeriesFault | Step> {
    const { id } = step
    const known = this.#seen.get(id)
    if (known !== undefined) {
      if (step.kind !== undefined && known !== step.kind) yield wrongKind(id, known, step.kind)
      return
    }
    try {
      await this.#meet(id)
      const kind = await this.#kindOf(id)
      this.#seen.set(id, kind)
      if (step.kind !== undefined && kind !== step.kind) {
        yield wrongKind(id, kind, step.kind)
        return
      }
      yield* this.#lookInto(step, kind)
    } catch (error) {
      this.#seen.set(id, step.kind ?? 'blob')
      yield withId(asFault(error), id)
    }
  }

  async #kindOf(id: Id): Promise<ObjectKind> {
    if (id === EMPTY_TREE) return 'tree'
    return (await this.#reader.readAny(id)).kind
  }

  async *#lookInto(step: Step, kind: ObjectKind): AsyncGenerator<VarveError | SeriesFault | Step> {
    switch (kind) {
      case 'commit':
        yield* this.#commit(step)
        break
      case 'tag': {
        this.#counts.tags++
        const tag = decodeTag(await this.#reader.read(step.id, 'tag'))
        yield { ...step, id: tag.object, kind: tag.kind }
        break
      }
      case 'tree':
        yield* this.#tree(step)
        break
      case 'series':
        this.#counts.series++
        for await (const fault of this.#verifier.verify(step.id)) {
          yield { ...fault, error: withId(fault.error, step.id) }
        }
        break
      case 'settings':
        await readSettings(this.#reader, step.id)
        break
    }
  }

  async *#commit(step: Step): AsyncGenerator<VarveError | Step> {
    const { id, root } = step
    this.#counts.commits++
    const commit = decodeCommit(await this.#reader.read(id, 'commit'))
    if (!this.#state.shallow.has(id)) {
      for (const parent of [...commit.parents].reverse()) {
        yield { id: parent, kind: 'commit', root, commit: parent, path: '' }
        const date = await this.#dateOf(parent)
        if (date !== undefined && date > commit.committer.seconds) {
          yield corrupt(`commit ${id} is dated before its parent ${parent}`, id)
        }
      }
    }
    yield { id: commit.tree, kind: 'tree', root, commit: id, path: '' }
  }

  /** A parent that cannot be read is met by itself. */
  async #dateOf(id: Id): Promise<number | undefined> {
    try {
      return decodeCommit(await this.#reader.read(id, 'commit')).committer.seconds
    } catch (error) {
      asFault(error)
      return undefined
    }
  }

  async *#tree(step: Step): AsyncGenerator<VarveError | Step> {
    const { id, path } = step
    const objects = this.#reader
    this.#counts.trees++
    let fault: VarveError | undefined
    try {
      await checkCollection(objects, id, this.#checkedNodes)
    } catch (error) {
      fault = asFault(error)
      yield withId(fault, id)
    }
    const folder = path === '' ? '' : `${path}/`
    try {
      for await (const entry of treeEntries(objects, id)) {
        const inside = { ...step, path: folder + entry.name }
        yield { ...inside, id: entry.id, kind: entry.kind }
        if (entry.settings !== undefined) yield { ...inside, id: entry.settings, kind: 'settings' }
      }
    } catch (error) {
      // As far as its entries can be read they are gone into.
      if (fault === undefined) throw error
      asFault(error)
    }
  }

  /** Counts an object, and finds out whether it is where it will stay. */
  async #meet(id: Id): Promise<void> {
    if (this.#parts.has(id)) return
    this.#parts.add(id)
    this.#options.onObjects?.(this.#parts.size)
    if (!this.#published || id === EMPTY_TREE) return
    const pack = await this.#unnamedPackOf(id)
    if (pack === undefined) return
    const message = `object ${id} is in pack ${pack} alone, which the ref log does not name`
    this.#unpublished.push(new VarveError('corrupt-log', message, { data: { id, pack } }))
  }

  /**
   * The pack of an object that no pack has which the ref log names. Others may put packs together at any moment:
   * it is believed when the packs were listed anew and the log did not grow from before that until after.
   */
  async #unnamedPackOf(id: Id): Promise<string | undefined> {
    for (let isListed = false; ; isListed = true) {
      const { number, packs } = this.#state
      if (isListed) await this.#repo.objects.refresh()
      const pack = await this.#packOf(id)
      if (pack === undefined || packs.has(pack)) return undefined
      this.#state = await this.#readState()
      if (isListed && this.#state.number === number) return pack
    }
  }

  async #packOf(id: Id): Promise<string | undefined> {
    try {
      return await this.#repo.objects.packOf(id, this.#state)
    } catch (error) {
      // The damage was found with the pack.
      if (hasCode(error, 'corrupt-pack') || hasCode(error, 'corrupt-object')) return undefined
      throw error
    }
  }
}

function foundAt({ error, range, column }: SeriesFault, { root, commit, path }: Step): Found {
  return {
    error,
    from: root.from,
    ...(commit && { commit }),
    ...(path !== '' && { path }),
    ...(range && { part: { range, ...(column !== undefined && { column }) } }),
  }
}

function wrongKind(id: Id, kind: ObjectKind, expected: ObjectKind): VarveError {
  return corrupt(`object ${id} is a ${kind} where a ${expected} must be`, id)
}

function corrupt(message: string, id: Id): VarveError {
  return new VarveError('corrupt-object', message, { data: { id } })
}

/** An error that says which object it is about. */
function withId(error: VarveError, id: Id): VarveError {
  if (typeof error.data.id === 'string') return error
  return new VarveError(error.code, `object ${id}: ${error.message}`, {
    data: { ...error.data, id },
    cause: error,
  })
}

import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { BlockCache } from './block-cache.ts'
import { PREFIX_DIGITS } from './pack-index.ts'
import { PackReader } from './pack-reader.ts'
import { packPath } from './pack-writer.ts'
import type { Soon } from './soon.ts'
import type { Storage } from './storage.ts'

/** Packs of up to this many objects share one table; a larger one is searched by itself. */
const SMALL_PACK = 4096
/** Entries of the shared table, about 100 bytes each. */
const TABLE_LIMIT = 1_000_000
/** Packs opened at most for an object that need not be found where it is. */
const AT_HAND = 64
/** Large packs that are asked for such an object at most: to find that it is in none of them takes some reads of each. */
const LARGE_AT_HAND = 4
/** Packs opened at most for an object that takes hardly more bytes than the look for it takes time. */
const NEAR = 8

/**
 * How far it is looked for an object: in all packs; in those most likely to have it; or in those of them of which the
 * index is in memory, or soon is.
 */
export type Reach = 'all' | 'at-hand' | 'near'

const PACK_NAME = /^packs\/([0-9a-f]{64})\.pack$/

export interface KnownPack {
  readonly name: string
  readonly size: number
  readonly modified: number
  reader?: Promise<PackReader>
  /** Once it is opened. */
  opened?: PackReader
  /** Whether searches know of it: it was opened, or cannot be. */
  findable?: boolean
  gone?: boolean
}

/**
 * The packs of a storage, opened one by one until what is looked for is found: the newest and the
 * largest in turn, as what is not new most likely came with much else. A repository may have
 * thousands of small ones: their ids share a table, so that finding an object does not ask each of
 * them.
 */
export class PackSet {
  readonly #storage: Storage
  readonly #blocks = new BlockCache()
  #known: Map<string, KnownPack> | undefined
  #listing: Promise<void> | undefined
  /** The packs to open, the newest last; among them some that are findable by now. */
  #byAge: KnownPack[] = []
  /** The same, the largest last, but for those that were adopted. */
  #bySize: KnownPack[] = []
  /** Opened and large, or impossible to open: asked for everything, the one that answered last first. */
  #large: KnownPack[] = []
  /** The first bytes of ids, as a number, to the small packs that have such ids. */
  readonly #table = new Map<number, KnownPack[]>()
  #opened = 0
  /** Whether anything may still lead to a pack that is gone. */
  #forgot = false
  /** Names of packs that count no more: whether their files are there does not matter. */
  #excluded: ReadonlySet<string> = new Set()
  /** Names of packs that were not seen among published ones yet. */
  readonly #perhapsStaged = new Set<string>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** The packs known, after a first look; the newest first. */
  async known(): Promise<KnownPack[]> {
    const known = await this.#list()
    return [...known.values()].sort((a, b) => b.modified - a.modified || (a.name < b.name ? -1 : 1))
  }

  /** A known pack, after a first look. */
  async get(name: string): Promise<KnownPack | undefined> {
    return (await this.#list()).get(name)
  }

  /**
   * The names of those packs known, after a first look, that are neither published nor retired. Each
   * call costs what the calls before it have not seen among those.
   */
  async staged(published: ReadonlySet<string>, retired: ReadonlySet<string>): Promise<string[]> {
    await this.#list()
    for (const name of this.#perhapsStaged) {
      if (published.has(name) || retired.has(name)) this.#perhapsStaged.delete(name)
    }
    return [...this.#perhapsStaged]
  }

  /** Looks for packs that were added or removed since. Returns how many are new. */
  async refresh(): Promise<number> {
    const before = new Set(this.#known?.keys())
    this.#listing ??= this.#relist().finally(() => {
      this.#listing = undefined
    })
    await this.#listing
    let added = 0
    for (const name of this.#known?.keys() ?? []) if (!before.has(name)) added++
    return added
  }

  /**
   * Takes a pack that was just published into the known ones, without listing them again.
   * @param end its index and footer, where they are at hand: then they are not read
   */
  adopt(name: string, size: number, end?: Uint8Array): void {
    if (this.#known === undefined || this.#known.has(name)) return
    // Newer than all that a listing can tell of.
    const pack: KnownPack = { name, size, modified: Number.MAX_SAFE_INTEGER }
    this.#add(pack)
    const reader = end && PackReader.ofWritten(this.#storage, name, size, end, this.#blocks)
    if (reader === undefined) return
    pack.reader = Promise.resolve(reader)
    pack.opened = reader
    this.#register(pack, reader)
  }

  /** Opens a pack; `corrupt-pack` when it cannot be. */
  open(pack: KnownPack): Promise<PackReader> {
    pack.reader ??= PackReader.open(this.#storage, pack.name, pack.size, this.#blocks)
      .catch((error) => {
        delete pack.reader
        this.#register(pack, undefined)
        throw error
      })
      .then((reader) => {
        pack.opened = reader
        this.#register(pack, reader)
        return reader
      })
    return pack.reader
  }

  /** A known pack that is open. */
  opened(name: string): PackReader | undefined {
    const pack = this.#known?.get(name)
    return pack?.gone ? undefined : pack?.opened
  }

  /**
   * The answer of the open packs most likely to have the object, mostly at once; undefined where a search is to
   * find one, or to tell what is wrong.
   */
  peek<T>(id: Id, ask: (pack: PackReader) => Soon<T | undefined>): Soon<T | undefined> {
    const small = this.#table.get(Number.parseInt(id.slice(0, PREFIX_DIGITS), 16))
    for (const pack of [small?.[0], this.#large[0]]) {
      if (pack?.opened === undefined || pack.gone) continue
      try {
        const found = ask(pack.opened)
        if (found instanceof Promise) return found.catch(unlessFaulty)
        if (found !== undefined) return found
      } catch (error) {
        unlessFaulty(error)
      }
    }
    return undefined
  }

  /** Forgets a pack whose file was removed. */
  retire(name: string): void {
    const pack = this.#known?.get(name)
    if (pack !== undefined) this.#forget(pack)
  }

  /** From now on packs of these names are as good as gone. */
  exclude(names: ReadonlySet<string>): void {
    this.#excluded = names
    for (const name of names) {
      const pack = this.#known?.get(name)
      if (pack !== undefined) this.#forget(pack)
    }
  }

  /** Every pack, opened, the newest first; where one has gone meanwhile, also what took its place. */
  async *all(): AsyncIterable<PackReader> {
    const seen = new Set<string>()
    for (let lost = true; lost; ) {
      lost = false
      for (const pack of await this.known()) {
        if (seen.has(pack.name)) continue
        seen.add(pack.name)
        try {
          yield await this.open(pack)
        } catch (error) {
          if (!(error instanceof VarveError) || !(await this.#isGone(pack))) throw error
          lost = true
        }
      }
      if (lost) await this.refresh()
    }
  }

  /**
   * The first answer that a known pack which may have the object gives. Damage in one pack is an
   * error only when no other has an answer; where a pack has gone, what has taken its place is looked for.
   *
   * @param reach how far to look
   */
  async search<T>(
    id: Id,
    ask: (pack: PackReader) => Soon<T | undefined>,
    reach: Reach = 'all',
  ): Promise<T | undefined> {
    await this.#list()
    for (;;) {
      const { found, failure, lost } = await this.#searchKnown(id, ask, reach)
      if (found !== undefined) return found
      if (lost) await this.refresh()
      else if (failure !== undefined) throw failure
      else return undefined
    }
  }

  async #searchKnown<T>(
    id: Id,
    ask: (pack: PackReader) => Soon<T | undefined>,
    reach: Reach,
  ): Promise<{ found?: T | undefined; failure?: VarveError; lost: boolean }> {
    const prefix = Number.parseInt(id.slice(0, PREFIX_DIGITS), 16)
    const asked = new Set<KnownPack>()
    let failure: VarveError | undefined
    let lost = false
    const note = async (error: unknown, pack: KnownPack): Promise<void> => {
      if (!(error instanceof VarveError)) throw error
      if (await this.#isGone(pack)) lost = true
      else failure ??= error
    }
    for (;;) {
      const opened = this.#opened
      for (const pack of [...(this.#table.get(prefix) ?? []), ...this.#largeWithin(reach)]) {
        if (asked.has(pack) || pack.gone) continue
        asked.add(pack)
        try {
          const found = await ask(await this.open(pack))
          if (found === undefined) continue
          this.#toFront(pack)
          return { found, lost }
        } catch (error) {
          await note(error, pack)
        }
      }
      // Another search may have opened a pack meanwhile: then the table knows more.
      if (this.#opened !== opened) continue
      const most = reach === 'near' ? NEAR : AT_HAND
      const isEnough = opened >= most || this.#large.length >= LARGE_AT_HAND
      if (reach !== 'all' && isEnough) break
      const next = this.#nextToOpen()
      if (next === undefined) break
      await this.open(next).catch((error: unknown) => note(error, next))
    }
    return { lost, ...(failure === undefined ? {} : { failure }) }
  }

  #largeWithin(reach: Reach): readonly KnownPack[] {
    if (reach === 'all') return this.#large
    const asked =
      reach === 'near' ? this.#large.filter(({ opened }) => opened?.isIndexWhole) : this.#large
    return asked.slice(0, LARGE_AT_HAND)
  }

  /** What is read next most likely lies where the last was found. */
  #toFront(pack: KnownPack): void {
    if (this.#large[0] === pack) return
    const at = this.#large.indexOf(pack)
    if (at < 0) return
    this.#large.splice(at, 1)
    this.#large.unshift(pack)
  }

  /** Whether the file of a known pack is not there any more; then the pack is forgotten. */
  async #isGone(pack: KnownPack): Promise<boolean> {
    if (pack.gone) return true
    if ((await this.#storage.size(packPath(pack.name))) !== undefined) return false
    this.#forget(pack)
    return true
  }

  async #list(): Promise<Map<string, KnownPack>> {
    if (this.#known === undefined) await this.refresh()
    return this.#known ?? new Map()
  }

  async #relist(): Promise<void> {
    const found = await this.#storage.list('packs/')
    this.#known ??= new Map()
    const names = new Set<string>()
    for (const { name, size, modified } of found.sort((a, b) => a.modified - b.modified)) {
      const hash = PACK_NAME.exec(name)?.[1]
      if (hash === undefined || this.#excluded.has(hash)) continue
      names.add(hash)
      if (!this.#known.has(hash)) this.#add({ name: hash, size, modified })
    }
    this.#bySize = this.#byAge.filter(isToOpen).sort((a, b) => a.size - b.size)
    for (const pack of this.#known.values()) {
      if (names.has(pack.name)) continue
      // Unless it was published while the folder was read.
      if ((await this.#storage.size(packPath(pack.name))) !== undefined) continue
      this.#forget(pack)
    }
    this.#dropForgotten()
  }

  #forget(pack: KnownPack): void {
    pack.gone = true
    this.#forgot = true
    this.#known?.delete(pack.name)
    this.#perhapsStaged.delete(pack.name)
  }

  /** Lets go of what leads to packs that are gone. */
  #dropForgotten(): void {
    if (!this.#forgot) return
    this.#forgot = false
    this.#large = this.#large.filter(({ gone }) => gone !== true)
    this.#byAge = this.#byAge.filter(({ gone }) => gone !== true)
    this.#bySize = this.#bySize.filter(({ gone }) => gone !== true)
    for (const [prefix, packs] of this.#table) {
      if (!packs.some(({ gone }) => gone)) continue
      const left = packs.filter(({ gone }) => gone !== true)
      if (left.length === 0) this.#table.delete(prefix)
      else this.#table.set(prefix, left)
    }
  }

  #add(pack: KnownPack): void {
    this.#known?.set(pack.name, pack)
    this.#byAge.push(pack)
    this.#perhapsStaged.add(pack.name)
  }

  #nextToOpen(): KnownPack | undefined {
    const packs = this.#opened % 2 === 0 || this.#bySize.length === 0 ? this.#byAge : this.#bySize
    for (let pack = packs.at(-1); pack !== undefined; pack = packs.at(-1)) {
      if (isToOpen(pack)) return pack
      packs.pop()
    }
    return packs === this.#byAge ? undefined : this.#byAge.findLast(isToOpen)
  }

  /** Makes an opened pack findable, once. */
  #register(pack: KnownPack, reader: PackReader | undefined): void {
    if (pack.findable) return
    pack.findable = true
    this.#opened++
    const small = reader !== undefined && reader.records <= SMALL_PACK
    if (!small || this.#table.size + reader.records > TABLE_LIMIT) {
      this.#large.push(pack)
      return
    }
    for (const prefix of reader.prefixes()) {
      const packs = this.#table.get(prefix)
      if (packs === undefined) this.#table.set(prefix, [pack])
      else if (!packs.includes(pack)) packs.push(pack)
    }
  }
}

/** What is wrong with one pack need not keep another from having the object. */
function unlessFaulty(error: unknown): undefined {
  if (!(error instanceof VarveError)) throw error
}

function isToOpen(pack: KnownPack): boolean {
  return pack.findable !== true && pack.gone !== true
}

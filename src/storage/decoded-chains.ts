import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { isValue } from '../core/objects.ts'
import type { ObjectCache } from './object-cache.ts'
import type { PackReader } from './pack-reader.ts'
import type { PackRecord } from './pack-record.ts'
import type { PackSet } from './pack-set.ts'
import { type FoundRecord, type ReadObject, readChain } from './read-chain.ts'
import { type Soon, soon } from './soon.ts'
import { isKeptValue, type ValueCache } from './value-cache.ts'

/** What records are decoded with. */
export interface DecodedChainsParts {
  readonly packs: PackSet
  /** For all that is not a value. */
  readonly cache: ObjectCache
  readonly values: ValueCache
  /** As the packs' own search; when none has an answer, they are listed once again. */
  search<T>(id: Id, ask: (pack: PackReader) => Soon<T | undefined>): Promise<T | undefined>
}

/** Decodes records, and keeps of what they are made of what is likely to be asked for. */
export class DecodedChains {
  readonly #packs: PackSet
  readonly #cache: ObjectCache
  readonly #values: ValueCache
  readonly #search: DecodedChainsParts['search']

  constructor({ packs, cache, values, search }: DecodedChainsParts) {
    this.#packs = packs
    this.#cache = cache
    this.#values = values
    this.#search = search
  }

  /** The object that a record stands for, whatever that is a difference to. */
  decode(first: FoundRecord): Promise<ReadObject> {
    let all = false
    return readChain(first, {
      find: (id, of, isPassed) => {
        const cached = this.#cache.get(id) ?? this.#values.get(id)
        if (cached === undefined) return this.#findBase(id, of, isPassed)
        all = isValue(cached.kind) && this.#values.startsAgain(id)
        return cached
      },
      keep: (id, object, ahead) => {
        if (!isValue(object.kind)) this.#cache.add(id, object)
        else if (first.record.base !== undefined && isKeptValue(object.depth, ahead, all)) {
          this.#values.add(id, object)
        }
      },
      passes: ({ id, kind, base, depth = 0, length }, ahead) => {
        if (!isValue(kind) || ahead === 0) return false
        if (base === undefined) return !this.#values.beginsAgain(id, length)
        return !isKeptValue(depth, ahead, all)
      },
    })
  }

  /** A record of an object that another is made of, as {@link readChain} asks for it. */
  #findBase(
    id: Id,
    of: FoundRecord,
    isPassed: (pack: string) => boolean,
  ): Soon<FoundRecord | undefined> {
    const { basePosition } = of.record
    const own = this.#packs.opened(of.pack)
    if (basePosition === undefined || own === undefined || isPassed(of.pack)) {
      return this.#searchBase(id, of, isPassed)
    }
    // It has gone, or is damaged: others may have the object.
    const elsewhere = (error: unknown) => {
      if (!(error instanceof VarveError)) throw error
      return this.#searchBase(id, of, (pack) => pack === of.pack || isPassed(pack))
    }
    try {
      const record = own.recordAt(basePosition, id)
      if (record instanceof Promise)
        return record.then((read) => this.#link(read, of.pack), elsewhere)
      return this.#link(record, of.pack)
    } catch (error) {
      return elsewhere(error)
    }
  }

  #searchBase(
    id: Id,
    of: FoundRecord,
    isPassed: (pack: string) => boolean,
  ): Soon<FoundRecord | undefined> {
    let deeper: FoundRecord | undefined
    const ask = (pack: PackReader): Soon<FoundRecord | undefined> => {
      if (isPassed(pack.name)) return undefined
      return soon(pack.record(id), (record) => {
        if (record === undefined) return undefined
        const found = this.#link(record, pack.name)
        if (pack.name === of.pack || (record.depth ?? 0) < (of.record.depth ?? 0)) return found
        deeper ??= found
        return undefined
      })
    }
    const search = async (): Promise<FoundRecord | undefined> => {
      const own = await this.#packs.get(of.pack)
      if (own !== undefined) {
        try {
          const there = await ask(await this.#packs.open(own))
          if (there !== undefined) return there
        } catch (error) {
          // It has gone, or is damaged: others may have the object.
          if (!(error instanceof VarveError)) throw error
        }
      }
      return (
        (await this.#packs.search(id, ask)) ?? deeper ?? (await this.#search(id, ask)) ?? deeper
      )
    }
    return soon(this.#packs.peek(id, ask), (found) => found ?? search())
  }

  /** Who goes back in time asks next for what was read on the way. */
  #link(record: PackRecord, pack: string): FoundRecord {
    this.#values.addLink(record)
    return { record, pack }
  }
}

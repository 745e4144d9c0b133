import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'
import { canBegin, decodeObject, decodeTogether } from './decode-object.ts'
import { isDelta, ROWS_DELTA } from './pack-encoding.ts'
import type { PackRecord } from './pack-record.ts'
import type { Soon } from './soon.ts'

/** An object as it was read, with what that took. */
export interface ReadObject extends StoredObject {
  /** Differences that lead to it, as its record says: 0 where it is stored whole. */
  readonly depth: number
  /** Canonical bytes that were made on the way, its own among them. */
  readonly walked: number
}

/** Objects are stored at most so many differences away from one that is whole. */
export const MAX_DEPTH = 500
/** … and where making them takes at most so many bytes: some tens of milliseconds. */
export const MAX_WALKED = 1 << 24
/** What is read may lie deeper, but not by much: whoever wrote it may have had another limit. */
const MAX_READ_DEPTH = 4096
const MAX_READ_WALKED = 8 * MAX_WALKED

/** A verified record, and what to call the pack that it is in. */
export interface FoundRecord {
  readonly record: PackRecord
  readonly pack: string
}

export interface ChainOptions {
  /**
   * The base of a record: decoded, or a record of it, from a pack whose record of it was not passed;
   * undefined where there is none. That from the record's own pack is what the record was made with; of
   * others one is to be chosen whose depth is less than the record's, if there is any.
   */
  find(
    base: Id,
    of: FoundRecord,
    isPassed: (pack: string) => boolean,
  ): Soon<ReadObject | FoundRecord | undefined>
  /** Is told of the objects made on the way, and how many are yet to be made of each. */
  keep?(id: Id, object: ReadObject, ahead: number): void
  /** Whether an object on the way, of which so many are yet to be made, need not be made itself. */
  passes?(record: PackRecord, ahead: number): boolean
}

/** Records that cannot be used are gone around so often. */
const MAX_DETOURS = 32

/**
 * Decodes a record, through as many bases as there are. From base to base the depth becomes less, but
 * where a base was stored in another way since. Where a base cannot be read from one pack, another record of it is
 * tried. `corrupt-object` where a chain leads nowhere but to records that it passed, where it is too long, and where
 * a base is not there.
 */
export async function readChain(first: FoundRecord, options: ChainOptions): Promise<ReadObject> {
  const unusable = new Set<string>()
  let failure: unknown
  for (;;) {
    const attempt = new ChainAttempt(first, options, unusable)
    try {
      return await attempt.read()
    } catch (error) {
      failure ??= error
      const { last } = attempt
      if (!(error instanceof VarveError) || last === first || unusable.size === MAX_DETOURS) {
        throw failure
      }
      unusable.add(keyOf(last))
    }
  }
}

function keyOf({ record, pack }: FoundRecord): string {
  return `${record.id} ${pack}`
}

class ChainAttempt {
  /** The record that is looked at: where reading fails, the one that cannot be used. */
  last: FoundRecord
  readonly #first: FoundRecord
  readonly #options: ChainOptions
  readonly #unusable: ReadonlySet<string>

  constructor(first: FoundRecord, options: ChainOptions, unusable: ReadonlySet<string>) {
    this.last = first
    this.#first = first
    this.#options = options
    this.#unusable = unusable
  }

  async read(): Promise<ReadObject> {
    const first = this.#first
    const { find, keep } = this.#options
    const chain = [first]
    let object: ReadObject | undefined
    const passed = new Map<Id, string[]>([[first.record.id, [first.pack]]])
    let walked = first.record.length
    for (;;) {
      const { record, pack } = this.last
      const { base, depth = 0 } = record
      if (base === undefined || !isDelta(record.method)) break
      if (depth > MAX_READ_DEPTH || chain.length > MAX_READ_DEPTH) {
        throw broken(first, record, `${Math.max(depth, chain.length)} differences lead to it`)
      }
      const soon = find(
        base,
        this.last,
        (other) =>
          passed.get(base)?.includes(other) === true || this.#unusable.has(`${base} ${other}`),
      )
      const found = soon instanceof Promise ? await soon : soon
      if (found === undefined) {
        const isCircle = chain.some((link) => link.record.id === base)
        const reason = isCircle
          ? `it is made of object ${base}, which is made of it`
          : `in pack ${pack} it is a difference to ${base}, which is missing`
        throw broken(first, record, reason)
      }
      if (!('record' in found)) {
        object = found
        break
      }
      const packs = passed.get(base)
      if (packs === undefined) passed.set(base, [found.pack])
      else packs.push(found.pack)
      walked += found.record.length
      if (walked > MAX_READ_WALKED) {
        throw broken(first, found.record, `objects of ${walked} bytes lead to it`)
      }
      chain.push(found)
      this.last = found
    }
    for (let singly = 0; chain.length > 0; ) {
      const count = singly > 0 ? 1 : this.#togetherAt(chain, object === undefined)
      const links = chain.slice(-count).reverse()
      const link = links.at(-1)!
      const decoded: StoredObject | undefined =
        count > 1 ? await decodeTogether(links, object) : await this.#decode(link, object)
      if (decoded === undefined) {
        // One by one shows at which of them it fails.
        singly = count
        continue
      }
      singly = Math.max(0, singly - 1)
      chain.length -= count
      object = {
        ...decoded,
        // What the record says, as its base may have been found where fewer lead to it: another object
        // that is made of this one must say more than this record does.
        depth: link.record.depth ?? 0,
        walked: (object?.walked ?? 0) + links.reduce((sum, { record }) => sum + record.length, 0),
      }
      keep?.(link.record.id, object, chain.length)
    }
    return object!
  }

  #decode(link: FoundRecord, base: ReadObject | undefined): Promise<StoredObject> {
    this.last = link
    return decodeObject(link.record, link.pack, base)
  }

  /**
   * How many differences of columns at the end of a chain, which come first, only the last of which is needed.
   * @param fromWhole whether they begin with a column that is stored whole
   */
  #togetherAt(chain: readonly FoundRecord[], fromWhole: boolean): number {
    const { passes } = this.#options
    if (passes === undefined) return 1
    const last = chain.length - 1
    for (let at = last; ; at--) {
      const { record } = chain[at]!
      const fits = fromWhole && at === last ? canBegin(record) : record.method === ROWS_DELTA
      if (!fits) return Math.max(1, last - at)
      if (at === 0 || !passes(record, at)) return chain.length - at
    }
  }
}

function broken(first: FoundRecord, at: PackRecord, reason: string): VarveError {
  const { id } = first.record
  const what = at.id === id ? reason : `it is made of object ${at.id}: ${reason}`
  return new VarveError('corrupt-object', `object ${id} cannot be read: ${what}`, {
    data: { id, pack: first.pack, ...(at.base === undefined ? {} : { base: at.base }) },
    hint: 'varve fsck lists what else is damaged; another copy of the repository may have it',
  })
}

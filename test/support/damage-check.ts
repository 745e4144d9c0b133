import { VarveError } from '../../src/core/errors.ts'
import type { Id } from '../../src/core/id.ts'
import { assembleRepository } from '../../src/plumbing/repository.ts'
import { readWholeLog } from '../../src/storage/check-log.ts'
import { openObjectStore } from '../../src/storage/object-store.ts'
import { PACK_MAGIC } from '../../src/storage/pack-index.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { digestOf, type Files, type Reading, readLog, storageWith } from './damage.ts'

/** Where a record ends, and the objects that are made of it, its own first. */
interface RecordEnd {
  readonly end: number
  readonly ids: readonly Id[]
}

/** What came of reading from a damaged file. */
export interface DamageOutcome {
  /** What was read as something else than it was. */
  readonly wrong: readonly string[]
  /** Whether anything was refused. */
  readonly refused: boolean
}

/**
 * Looks at what damage to one file of a repository can touch, and at nothing else: all other bytes are as they were, so
 * all else is read as it was. That leaves time for a look at every bit.
 */
export class DamageCheck {
  readonly storage: Storage
  readonly #digests: ReadonlyMap<Id, string>
  readonly #log: Reading
  readonly #records: ReadonlyMap<string, readonly RecordEnd[]>

  /** @param records of each pack, in their order */
  private constructor(
    storage: Storage,
    digests: ReadonlyMap<Id, string>,
    log: Reading,
    records: ReadonlyMap<string, readonly RecordEnd[]>,
  ) {
    this.storage = storage
    this.#digests = digests
    this.#log = log
    this.#records = records
  }

  static async of(files: Files): Promise<DamageCheck> {
    const storage = await storageWith(files)
    const store = openObjectStore(storage)
    const digests = new Map<Id, string>()
    const madeOf = new Map<Id, Id[]>()
    for await (const { id } of store.objects()) {
      digests.set(id, digestOf(await store.readAny(id)))
      madeOf.set(id, [id])
    }
    for (const id of digests.keys()) {
      const passed = new Set([id])
      let base = await store.baseOf(id)
      for (; base !== undefined && !passed.has(base); base = await store.baseOf(base)) {
        passed.add(base)
        madeOf.get(base)!.push(id)
      }
    }
    const records = new Map<string, RecordEnd[]>()
    for (const { name } of await store.packs()) {
      const pack = (await store.openPack(name))!
      const ends: RecordEnd[] = []
      let end = PACK_MAGIC.length
      for await (const { id, stored } of pack.scan()) {
        end += stored
        ends.push({ end, ids: madeOf.get(id)! })
      }
      records.set(`packs/${name}.pack`, ends)
    }
    return new DamageCheck(
      storage,
      digests,
      await readLog(assembleRepository({ storage })),
      records,
    )
  }

  /**
   * The object whose record in a pack has a byte and a few more that are made of it; outside of records, any.
   * @param more how many more at most
   */
  objectsAt(pack: string, at: number, more: number, random: () => number): Id[] {
    const record =
      at < PACK_MAGIC.length ? undefined : this.#records.get(pack)!.find(({ end }) => at < end)
    const ids = record?.ids ?? [...this.#digests.keys()]
    const any = (): Id => ids[Math.floor(random() * ids.length)]!
    return [...new Set([record?.ids[0] ?? any(), ...Array.from({ length: more }, any)])]
  }

  /** Reads objects from a storage in which a pack is damaged, by one who knows nothing of it yet. */
  async read(damaged: Storage, ids: readonly Id[]): Promise<DamageOutcome> {
    const store = openObjectStore(damaged)
    const wrong: string[] = []
    let refused = false
    for (const id of ids) {
      try {
        if (digestOf(await store.readAny(id)) !== this.#digests.get(id)) wrong.push(`object ${id}`)
      } catch (error) {
        if (!(error instanceof VarveError)) throw error
        refused = true
      }
    }
    return { wrong, refused }
  }

  /** Reads refs and the reflog from a storage in which a file of the ref log is damaged. */
  async readLog(damaged: Storage): Promise<DamageOutcome> {
    const reading = await readLog(assembleRepository({ storage: damaged }))
    const wrong: string[] = []
    for (const [name, text] of reading) {
      if (!text.startsWith('error ') && this.#log.get(name) !== text) wrong.push(name)
    }
    return { wrong, refused: [...reading.values()].some((text) => text.startsWith('error ')) }
  }

  /** Whether what `fsck` does with a file by itself says that it is damaged, and names it. */
  async isNamed(damaged: Storage, file: string): Promise<boolean> {
    if (!file.startsWith('packs/')) {
      const { problems } = await readWholeLog(damaged)
      return problems.some(({ data }) => data.name === file)
    }
    const pack = file.slice('packs/'.length, -'.pack'.length)
    const problems = await openObjectStore(damaged).verifyPack(pack, { isVerified: () => true })
    return problems.some(({ data }) => data.pack === pack)
  }

  /** What is wrong with how all this sees damage to one file; `ids` are read where it is a pack. */
  async faultsOf(damaged: Storage, file: string, ids: readonly Id[]): Promise<DamageOutcome> {
    const isPack = file.startsWith('packs/')
    const { wrong, refused } = isPack ? await this.read(damaged, ids) : await this.readLog(damaged)
    const isNamed = await this.isNamed(damaged, file)
    return { wrong: isNamed ? wrong : [...wrong, `${file} passes for whole`], refused }
  }
}

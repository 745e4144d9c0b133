import { createHash } from 'node:crypto'
import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import type { SpillFile } from '../core/spill.ts'
import { ObjectCache } from '../storage/object-cache.ts'
import { PackReader } from '../storage/pack-reader.ts'
import { MAX_DEPTH, MAX_WALKED, type ReadObject, readChain } from '../storage/read-chain.ts'
import { openSpill } from '../storage/spill.ts'
import type { Repository } from './repository.ts'

export interface ArrivedPackOptions {
  /** For messages: where it comes from. */
  readonly location: string
  /** Finds what objects of the pack are made of or name. */
  readonly repo?: Repository | undefined
  /** The most bytes that are taken; `too-large` for more. */
  readonly maxBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** Bytes of objects at hand for what is made of them. */
const RECENT_BYTES = 32 * 1024 * 1024
const RECENT_OBJECT = 4 * 1024 * 1024

/** A pack from somewhere else, set aside: nothing of it is believed before it was verified. */
export class ArrivedPack {
  /** SHA-256 of its bytes, in hex. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** For messages: where it came from. */
  readonly location: string
  readonly #file: SpillFile
  readonly #reader: PackReader
  readonly #repo: Repository | undefined
  readonly #recent = new ObjectCache(RECENT_BYTES, RECENT_OBJECT)
  readonly #kinds = new Map<Id, ObjectKind>()
  /** Whether all that its objects are made of is in it, and near enough. */
  #standsAlone = true

  private constructor(reader: PackReader, file: SpillFile, { location, repo }: ArrivedPackOptions) {
    this.name = reader.name
    this.size = reader.size
    this.location = location
    this.#reader = reader
    this.#file = file
    this.#repo = repo
  }

  /**
   * Sets the bytes of a pack aside and verifies them: the index, each record's checksum and encoding, each object's id.
   * `corrupt-pack` or `corrupt-object` for the first thing that is wrong, `unsupported-format` for a newer pack.
   */
  static async open(
    bytes: AsyncIterable<Uint8Array>,
    options: ArrivedPackOptions,
  ): Promise<ArrivedPack> {
    const { location, maxBytes = Number.POSITIVE_INFINITY } = options
    const file = await openSpill().create()
    try {
      const hash = createHash('sha256')
      let size = 0
      for await (const piece of bytes) {
        checkSignal(options.signal)
        size += piece.length
        if (size > maxBytes) {
          throw new VarveError('too-large', `${location} has more than ${maxBytes} bytes`, {
            data: { limit: maxBytes },
          })
        }
        hash.update(piece)
        await file.write(piece)
        options.onBytes?.(size)
      }
      const name = hash.digest('hex')
      const source = {
        location,
        range: (_: string, at: number, count: number) => file.range(at, count),
      }
      const reader = await PackReader.open(source, name, size)
      const pack = new ArrivedPack(reader, file, options)
      await pack.#verify(options.signal)
      return pack
    } catch (error) {
      await file.discard()
      throw saidOf(location, error)
    }
  }

  get objects(): number {
    return this.#reader.records
  }

  /** Whether it can be one of a repository's packs as it is. */
  get standsAlone(): boolean {
    return this.#standsAlone
  }

  /** The kind of each object. */
  get kinds(): ReadonlyMap<Id, ObjectKind> {
    return this.#kinds
  }

  has(id: Id): boolean {
    return this.#kinds.has(id)
  }

  /** The objects in the order of the file, with what each is a difference to. */
  async *contents(): AsyncGenerator<
    ReadObject & { readonly id: Id; readonly base: Id | undefined }
  > {
    for (let position = 0; position < this.objects; position++) {
      const { id, base } = await this.#reader.recordAt(position)
      yield { id, base, ...(await this.read(id)) }
    }
  }

  /** Its bytes, piece by piece. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    const piece = 1 << 20
    for (let at = 0; at < this.size; at += piece) {
      yield this.#file.range(at, Math.min(piece, this.size - at))
    }
  }

  /** An object that is in it. */
  async read(id: Id): Promise<ReadObject> {
    const recent = this.#recent.get(id)
    if (recent !== undefined) return recent
    const record = await this.#reader.record(id)
    if (record === undefined) {
      throw new VarveError('object-not-found', `no object ${id} in the pack`, { data: { id } })
    }
    return readChain(
      { record, pack: this.name },
      {
        find: async (base, _, isPassed) => {
          const known = this.#recent.get(base)
          if (known !== undefined) return known
          const own = isPassed(this.name) ? undefined : await this.#reader.record(base)
          if (own !== undefined) return { record: own, pack: this.name }
          return this.#repo?.objects.readIfPresent(base)
        },
        keep: (other, object) => this.#recent.add(other, object),
      },
    )
  }

  async #verify(signal: AbortSignal | undefined): Promise<void> {
    const decode = async ({ record }: { readonly record: { readonly id: Id } }) => {
      const { id } = record
      const found = await this.read(id)
      this.#kinds.set(id, found.kind)
      return found
    }
    const [fault] = await this.#reader.verify(decode, { onBytes: () => checkSignal(signal) })
    if (fault !== undefined) throw fault
    for (let position = 0; position < this.objects; position++) {
      checkSignal(signal)
      const { id, base, depth = 0 } = await this.#reader.recordAt(position)
      if (base === undefined) continue
      const isNear = depth <= MAX_DEPTH && (await this.read(id)).walked <= MAX_WALKED
      const below = this.has(base) ? await this.#reader.record(base) : undefined
      if (!isNear || below === undefined || (below.depth ?? 0) >= depth) this.#standsAlone = false
    }
  }

  /** Gives back the room that it takes. */
  async discard(): Promise<void> {
    await this.#file.discard()
  }
}

/** What is wrong with a pack, with where it came from: its name says nothing to who has it as a file. */
function saidOf(location: string, error: unknown): unknown {
  if (!(error instanceof VarveError)) return error
  const isAboutPack = ['corrupt-pack', 'corrupt-object', 'unsupported-format'].includes(error.code)
  if (!isAboutPack) return error
  return new VarveError(error.code, `${location}: ${error.message}`, {
    data: { ...error.data, location },
    hint: 'nothing was stored',
    cause: error,
  })
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new VarveError('interrupted', 'interrupted: nothing was stored')
}

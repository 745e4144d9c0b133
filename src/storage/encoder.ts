import { hashObject, type Id, type ObjectKind } from '../core/id.ts'
import type { EncodeWorkers } from './encode-workers.ts'
import { type EncodedBody, encodeBody } from './pack-encoding.ts'
import { loadZstd } from './zstd.ts'

/** One object on its way: its id, and how it is stored. */
export interface Encoding {
  readonly id: Id | Promise<Id>
  body(): Promise<EncodedBody>
  /**
   * Said once, in the end, when nobody looks at the body any more.
   * @param stored whether the object was new
   */
  done(stored: boolean): void
}

/** Who writes so much is likely to write more; what is less is done before a thread has started. */
const THREADS_AFTER = 2 * 1024 * 1024
/** Of a table of so many bytes, most likely more is written than that. */
const THREADS_FOR_TABLE = 8 * 1024 * 1024
/** What is shorter is encoded in less time than it takes to be handed over. */
const LEAST_LENGTH = 2 * 1024
/** Longer columns are rare, and their copies would stay around. */
const MOST_LENGTH = 16 * 1024 * 1024

/**
 * Hashes and encodes the objects of a batch: in this thread; of much data, what is not waited for in
 * others, too. What comes out is the same.
 */
export class Encoder {
  readonly #level: number
  #bytes = 0
  #opening: Promise<void> | undefined
  #workers: EncodeWorkers | undefined
  /** Whether the last column was there already: then it is the same with the next, mostly. */
  #known = false
  #closed = false

  /** @param level of zstd */
  constructor(level: number) {
    this.#level = level
  }

  /** Starts a thread for a table that is large: it takes as long as reading a million rows until it is ready. */
  expect(bytes: number): void {
    if (bytes >= THREADS_FOR_TABLE && !this.#closed) this.#opening ??= this.#open()
  }

  /**
   * Begins with an object.
   * @param later whether the caller goes on meanwhile; then the bytes stay as they are
   */
  start(kind: ObjectKind, canonical: Uint8Array, later: boolean): Encoding {
    const { length } = canonical
    const encode = (): Promise<EncodedBody> => encodeBody(kind, canonical, this.#level)
    if (!later || kind !== 'column' || length < LEAST_LENGTH || length > MOST_LENGTH) {
      return { id: hashObject(kind, canonical), body: encode, done: () => undefined }
    }
    this.#bytes += length
    if (this.#bytes > THREADS_AFTER && this.#opening === undefined) {
      this.#opening = this.#open()
      // Work that never lets the event loop have its turn would never see what has been loaded.
      return this.#noting(
        this.#opening.then(() => hashObject(kind, canonical)),
        encode,
      )
    }
    const workers = this.#workers
    const hashed = workers?.start(canonical, this.#level, { hashOnly: this.#known })
    if (hashed !== undefined) {
      return this.#noting(
        hashed.then(({ id }) => id),
        async () => (await hashed).encoded ?? encode(),
        () => void hashed.then(({ release }) => release()),
      )
    }
    const id = hashObject(kind, canonical)
    if (workers?.isReady !== true || this.#known) return this.#noting(id, encode)
    // All have enough to do: this thread helps, at once, as later it would be waited for.
    const encoded = encode()
    encoded.catch(() => undefined)
    return this.#noting(id, () => encoded)
  }

  /** Ends the threads. What is on its way there fails. */
  close(): void {
    this.#closed = true
    this.#workers?.close()
    this.#workers = undefined
  }

  #noting(
    id: Id | Promise<Id>,
    body: () => Promise<EncodedBody>,
    release: () => void = () => undefined,
  ): Encoding {
    // Objects have their turn one after another: until then nobody looks at it.
    if (typeof id !== 'string') id.catch(() => undefined)
    return {
      id,
      body,
      done: (stored) => {
        this.#known = !stored
        release()
      },
    }
  }

  /** Where threads cannot be had, this one does it all. */
  #open(): Promise<void> {
    return this.#start().catch(() => undefined)
  }

  async #start(): Promise<void> {
    const { EncodeWorkers } = await import('./encode-workers.ts')
    // So that it is known which library the threads have to use as well.
    await loadZstd()
    if (!this.#closed) this.#workers = EncodeWorkers.open()
  }
}

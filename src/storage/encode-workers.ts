import { availableParallelism } from 'node:os'
import { lengthOf } from '../core/bytes.ts'
import type { Id } from '../core/id.ts'
import type { CheckColumnOptions, CheckedColumn, WholeColumn } from './check-column.ts'
import { type EncodeThread, errorOf, takeThread } from './encode-thread.ts'
import type { CheckAnswer, EncodeAnswer } from './encode-worker.ts'
import type { EncodedBody } from './pack-encoding.ts'

/** The file that the threads run, beside this one; the build puts its name in. */
declare const VARVE_ENCODE_WORKER: string | undefined

/** More than these have nothing to do: one thread brings the rows. */
const MOST_WORKERS = 4
/** Objects that a thread has at a time: one in work, the others to go on with while this one reads rows. */
const MOST_ORDERS = 12
/** Columns to look through come several at a time. */
const MOST_CHECK_ORDERS = 3
/** Buffers are made in steps of this many bytes, so that they serve again. */
const BUFFER_STEP = 64 * 1024
/** Buffers that wait to serve again, at most. */
const MOST_SPARE = 2 * MOST_ORDERS

/** An object as a thread gives it back; `encoded` unless only the hash was asked for. */
export interface Hashed {
  readonly id: Id
  readonly encoded: EncodedBody | undefined
  /** Said once, when nobody looks at the body any more: its memory serves again. */
  release(): void
}

/**
 * Threads that hash and encode columns, or decode and check them. The first is started at once, others when all have enough to
 * do. Where they cannot be had, there are none.
 */
export class EncodeWorkers {
  readonly #file: URL
  readonly #most: number
  readonly #workers: EncodeThread[] = []
  readonly #spare: ArrayBuffer[] = []
  #failed = false

  private constructor(file: URL, most: number) {
    this.#file = file
    this.#most = most
    this.#grow()
  }

  /** Undefined where there is one processor, or the program was not built. */
  static open(): EncodeWorkers | undefined {
    if (typeof VARVE_ENCODE_WORKER !== 'string') return undefined
    const file = new URL(VARVE_ENCODE_WORKER, import.meta.url)
    const most = Math.min(MOST_WORKERS, availableParallelism() - 1)
    return most < 1 ? undefined : new EncodeWorkers(file, most)
  }

  /** Whether a thread is there to take something. */
  get isReady(): boolean {
    return this.#workers.some((worker) => worker.isReady)
  }

  /** Hands a column to the thread that has least to do; undefined where all have enough. */
  start(
    canonical: Uint8Array,
    level: number,
    { hashOnly }: { readonly hashOnly: boolean },
  ): Promise<Hashed> | undefined {
    const { length } = canonical
    return this.#leastBusy(MOST_ORDERS)?.order(
      { buffer: this.#filled([canonical]), length, level, hashOnly },
      (answer) => this.#hashedOf(canonical, answer as EncodeAnswer),
    )
  }

  /**
   * Hands over columns to be looked through; undefined where all have enough to do. What is wrong with one is in its
   * place.
   */
  check(
    columns: readonly WholeColumn[],
    options: CheckColumnOptions,
  ): Promise<(CheckedColumn | Error)[]> | undefined {
    return this.#leastBusy(MOST_CHECK_ORDERS)?.order(
      {
        buffer: this.#filled(columns.map(({ body }) => body)),
        columns: columns.map(({ method, body, length }) => {
          return { method, bodyLength: body.length, length }
        }),
        options,
      },
      (answer) => {
        this.#release(answer.buffer)
        return (answer as CheckAnswer).found.map((found) =>
          'id' in found ? found : errorOf(found),
        )
      },
    )
  }

  #leastBusy(most: number): EncodeThread | undefined {
    let least: EncodeThread | undefined
    for (const worker of this.#workers) {
      worker.receive()
      if (!worker.isReady || worker.orders >= most) continue
      if (least === undefined || worker.orders < least.orders) least = worker
    }
    if (least === undefined) this.#grow()
    return least
  }

  /** Leaves the threads to who comes next; what they have is an error. */
  close(): void {
    for (const worker of this.#workers.splice(0)) worker.release()
    this.#spare.length = 0
  }

  #grow(): void {
    const isStarting = this.#workers.some((worker) => !worker.isReady)
    if (isStarting || this.#failed) return
    try {
      const worker = takeThread(this.#file, this.#most)
      if (worker !== undefined) this.#workers.push(worker)
    } catch {
      // No more threads are to be had: there are as many as there are.
      this.#failed = true
    }
  }

  #hashedOf(canonical: Uint8Array, { buffer, id, method, length }: EncodeAnswer): Hashed {
    const body = length === undefined ? canonical : new Uint8Array(buffer, 0, length)
    return {
      id,
      encoded: method === undefined ? undefined : { method, body },
      release: () => this.#release(buffer),
    }
  }

  #release(buffer: ArrayBuffer): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(buffer)
  }

  /** A buffer that begins with these bytes, end to end. */
  #filled(pieces: readonly Uint8Array[]): ArrayBuffer {
    const length = lengthOf(pieces)
    const at = this.#spare.findIndex((buffer) => buffer.byteLength >= length)
    const buffer =
      at >= 0
        ? this.#spare.splice(at, 1)[0]!
        : new ArrayBuffer(Math.ceil(length / BUFFER_STEP) * BUFFER_STEP)
    const bytes = new Uint8Array(buffer)
    let end = 0
    for (const piece of pieces) {
      bytes.set(piece, end)
      end += piece.length
    }
    return buffer
  }
}

import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { zstdChoice } from '../zstd/load.ts'
import type { CheckedColumn, WholeColumn } from './check-column.ts'
import type {
  Answer,
  AnsweredError,
  CheckAnswer,
  CheckOrder,
  EncodeAnswer,
  EncodeOrder,
  WorkerReady,
} from './encode-worker.ts'
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
}

interface Pending {
  readonly take: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** Threads of all that this process writes and receives at a time. */
let running = 0

/**
 * Threads that hash and encode columns, or decode and check them. The first is started at once, others when all have enough to
 * do. Where they cannot be had, there are none.
 */
export class EncodeWorkers {
  readonly #file: URL
  readonly #most: number
  readonly #workers: EncodeWorker[] = []
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
      (answer) => hashedOf(canonical, answer as EncodeAnswer),
    )
  }

  /**
   * Hands over columns to be looked through; undefined where all have enough to do. What is wrong with one is in its
   * place.
   */
  check(columns: readonly WholeColumn[]): Promise<(CheckedColumn | Error)[]> | undefined {
    return this.#leastBusy(MOST_CHECK_ORDERS)?.order(
      {
        buffer: this.#filled(columns.map(({ body }) => body)),
        columns: columns.map(({ method, body, length }) => {
          return { method, bodyLength: body.length, length }
        }),
      },
      (answer) =>
        (answer as CheckAnswer).found.map((found) => ('id' in found ? found : errorOf(found))),
    )
  }

  #leastBusy(most: number): EncodeWorker | undefined {
    let least: EncodeWorker | undefined
    for (const worker of this.#workers) {
      worker.receive()
      if (!worker.isReady || worker.orders >= most) continue
      if (least === undefined || worker.orders < least.orders) least = worker
    }
    if (least === undefined) this.#grow()
    return least
  }

  /** Ends the threads; what they have is an error. */
  close(): void {
    for (const worker of this.#workers) worker.close()
    this.#spare.length = 0
  }

  #grow(): void {
    const isStarting = this.#workers.some((worker) => !worker.isReady)
    if (isStarting || this.#failed || running >= this.#most) return
    try {
      const worker = new EncodeWorker(this.#file, (buffer) => {
        if (this.#spare.length < MOST_SPARE) this.#spare.push(buffer)
      })
      this.#workers.push(worker)
    } catch {
      // No more threads are to be had: there are as many as there are.
      this.#failed = true
    }
  }

  /** A buffer that begins with these bytes, end to end. */
  #filled(pieces: readonly Uint8Array[]): ArrayBuffer {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
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

function hashedOf(canonical: Uint8Array, { buffer, id, method, length }: EncodeAnswer): Hashed {
  if (method === undefined) return { id, encoded: undefined }
  const body = length === undefined ? canonical : new Uint8Array(buffer, 0, length).slice()
  return { id, encoded: { method, body } }
}

function errorOf({ code, message, data, hint }: AnsweredError): Error {
  const options = { ...(data && { data }), ...(hint !== undefined && { hint }) }
  return code === undefined ? new Error(message) : new VarveError(code, message, options)
}

/** One thread, which gives back in the order in which it was given. */
class EncodeWorker {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #pending: Pending[] = []
  readonly #giveBack: (buffer: ArrayBuffer) => void
  #isReady = false
  #ended = false

  constructor(file: URL, giveBack: (buffer: ArrayBuffer) => void) {
    const { port1, port2 } = new MessageChannel()
    this.#giveBack = giveBack
    this.#port = port1
    this.#worker = new Worker(file, {
      workerData: port2,
      transferList: [port2],
      // What Node was started with is for the program: an inspector, a profile, a snapshot.
      execArgv: [],
      stdin: false,
    })
    running += 1
    this.#worker.on('error', (cause) => this.#fail(cause))
    this.#worker.on('exit', (code) => this.#fail(new Error(`it ended with ${code}`)))
    this.#port.on('message', (message: WorkerReady | Answer) => this.#received(message))
    this.#keepProcess(false)
  }

  get isReady(): boolean {
    return this.#isReady && !this.#ended
  }

  /** Objects that it has and has not given back. */
  get orders(): number {
    return this.#pending.length
  }

  order<T>(order: EncodeOrder | CheckOrder, take: (answer: Answer) => T): Promise<T> {
    const taken = new Promise<T>((resolve, reject) => {
      this.#pending.push({ take: (answer) => resolve(take(answer)), reject })
    })
    // Objects have their turn one after another: until then nobody looks at it.
    taken.catch(() => undefined)
    if (this.#pending.length === 1) this.#keepProcess(true)
    this.#port.postMessage(order, [order.buffer])
    return taken
  }

  /** Takes what was given back, though the event loop has not had its turn. */
  receive(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port)
      if (received === undefined) return
      this.#received(received.message as WorkerReady | Answer)
    }
  }

  close(): void {
    if (this.#ended) return
    this.#end(new VarveError('io', 'a batch of objects was used after its end'))
    // It ends by itself, and not in the middle of foreign code.
    this.#port.close()
  }

  /** Only what is waited for keeps the process: the port until it comes, the thread until it is known to be dead. */
  #keepProcess(keep: boolean): void {
    for (const handle of [this.#port, this.#worker]) {
      if (keep) handle.ref()
      else handle.unref()
    }
  }

  #received(message: WorkerReady | Answer): void {
    if (this.#ended) return
    if ('buffer' in message) this.#answered(message)
    // Another library would store the same objects in other bytes.
    else this.#isReady = message.zstd === zstdChoice()?.name
  }

  #answered(answer: Answer): void {
    const { take, reject } = this.#pending.shift()!
    if (this.#pending.length === 0) this.#keepProcess(false)
    if (answer.error !== undefined) {
      reject(errorOf(answer.error))
      return
    }
    take(answer)
    this.#giveBack(answer.buffer)
  }

  #fail(cause: Error): void {
    this.#end(
      new VarveError('io', `a thread that works on columns ended: ${cause.message}`, { cause }),
    )
  }

  #end(error: VarveError): void {
    if (this.#ended) return
    this.#ended = true
    running -= 1
    this.#keepProcess(false)
    for (const { reject } of this.#pending.splice(0)) reject(error)
  }
}

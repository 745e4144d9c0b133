import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { VarveError } from '../core/errors.ts'
import { zstdChoice } from '../zstd/load.ts'
import type {
  Answer,
  AnsweredError,
  CheckOrder,
  EncodeOrder,
  WorkerReady,
} from './encode-worker.ts'

/** A thread that nobody had anything for so long ends: until then the next batch finds it compiled and warm. */
const KEPT_MS = 60_000

interface Pending {
  readonly take: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** Threads of this process, those that have nothing to do among them. */
let running = 0
const idle: EncodeThread[] = []

/**
 * A thread that runs this file: one that has nothing to do, else a new one; undefined where `most` are running. An
 * error where no more are to be had.
 */
export function takeThread(file: URL, most: number): EncodeThread | undefined {
  for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
    if (kept.take(file)) return kept
  }
  return running < most ? new EncodeThread(file) : undefined
}

/** One thread, which gives back in the order in which it was given. */
export class EncodeThread {
  readonly #file: URL
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #pending: Pending[] = []
  #isReady = false
  #ended = false
  #end: NodeJS.Timeout | undefined

  constructor(file: URL) {
    const { port1, port2 } = new MessageChannel()
    this.#file = file
    this.#port = port1
    this.#worker = new Worker(file, {
      workerData: port2,
      transferList: [port2],
      // What Node was started with is for the program: an inspector, a profile, a snapshot.
      execArgv: [],
      stdin: false,
    })
    running += 1
    this.#worker.on('error', (cause) => this.#failed(cause))
    this.#worker.on('exit', (code) => this.#failed(new Error(`it ended with ${code}`)))
    this.#port.on('message', (message: WorkerReady | Answer) => this.#received(message))
    this.#keepProcess(false)
  }

  get isReady(): boolean {
    return this.#isReady && !this.#ended
  }

  /** Orders that it has and has not answered. */
  get orders(): number {
    return this.#pending.length
  }

  /** Takes it from those that have nothing to do; one that runs another file ends. */
  take(file: URL): boolean {
    clearTimeout(this.#end)
    const isMeant = this.#file.href === file.href
    if (!isMeant) this.#close()
    return isMeant
  }

  /** Its answer, once it has one: an error where it could not do what was asked. */
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

  /** Leaves it to who comes next. What it has not done fails, and then it ends. */
  release(): void {
    if (this.#ended) return
    if (!this.#isReady || this.#pending.length > 0) {
      this.#close()
      return
    }
    idle.push(this)
    this.#end = setTimeout(() => {
      idle.splice(idle.indexOf(this), 1)
      this.#close()
    }, KEPT_MS).unref()
  }

  #close(): void {
    this.#fail(new VarveError('io', 'a batch of objects was used after its end'))
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
    if (answer.error === undefined) take(answer)
    else reject(errorOf(answer.error))
  }

  #failed(cause: Error): void {
    const at = idle.indexOf(this)
    if (at >= 0) idle.splice(at, 1)
    clearTimeout(this.#end)
    this.#fail(
      new VarveError('io', `a thread that works on columns ended: ${cause.message}`, { cause }),
    )
  }

  #fail(error: VarveError): void {
    if (this.#ended) return
    this.#ended = true
    running -= 1
    this.#keepProcess(false)
    for (const { reject } of this.#pending.splice(0)) reject(error)
  }
}

export function errorOf({ code, message, data, hint }: AnsweredError): Error {
  const options = { ...(data && { data }), ...(hint !== undefined && { hint }) }
  return code === undefined ? new Error(message) : new VarveError(code, message, options)
}

import type { Storage, StorageEntry, StorageWriter } from '../../src/storage/storage.ts'

export type StorageCall = 'get' | 'range' | 'size' | 'putIfAbsent' | 'list' | 'delete'

/** What a test does around calls: wait, to stall the caller, or throw, to fail it. */
export interface StorageControl {
  before?(call: StorageCall, name: string): Promise<void> | void
  /** After the call has taken effect; throwing loses its answer. */
  after?(call: StorageCall, name: string): Promise<void> | void
}

/** One process's view of a storage, which a test can stall and fail between any two calls. */
export function controlStorage(storage: Storage, control: StorageControl): Storage {
  const around = async <T>(call: StorageCall, name: string, run: () => Promise<T>): Promise<T> => {
    await control.before?.(call, name)
    const answer = await run()
    await control.after?.(call, name)
    return answer
  }
  return {
    location: storage.location,
    get: (name) => around('get', name, () => storage.get(name)),
    range: (name, offset, length) =>
      around('range', name, () => storage.range(name, offset, length)),
    size: (name) => around('size', name, () => storage.size(name)),
    putIfAbsent: (name, bytes) =>
      around('putIfAbsent', name, () => storage.putIfAbsent(name, bytes)),
    create: (): Promise<StorageWriter> => storage.create(),
    list: (prefix): Promise<StorageEntry[]> => around('list', prefix, () => storage.list(prefix)),
    delete: (name) => around('delete', name, () => storage.delete(name)),
    sweep: (before) => storage.sweep(before),
    close: () => storage.close(),
  }
}

/** A point where somebody waits until the test lets them go on. */
export class Gate {
  #open: () => void = () => undefined
  #arrived: () => void = () => undefined
  /** Resolves when somebody waits at the gate. */
  readonly arrived = new Promise<void>((resolve) => {
    this.#arrived = resolve
  })
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve
  })

  wait(): Promise<void> {
    this.#arrived()
    return this.#opened
  }

  open(): void {
    this.#open()
  }
}

import { setImmediate } from 'node:timers/promises'
import type { PrivateFiles } from '../../src/storage/private-files.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { seededRandom } from './seeded-random.ts'

/** How likely it is that who was let go last is let go again: long runs of one are as likely as switches. */
const STAY = 0.7

/**
 * Lets actors of one process take turns, one call of storage at a time, in an order that follows from a seed. An
 * actor that has not begun another call has come to its end, or is about to.
 */
export class Interleaving {
  readonly #random: () => number
  readonly #waiting = new Map<string, (() => void)[]>()
  readonly #live = new Set<string>()
  #last: string | undefined
  #turns = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** Calls let go so far. */
  get turns(): number {
    return this.#turns
  }

  /** One actor's view of a storage that all share. */
  storage(actor: string, shared: Storage): Storage {
    const turn = <T>(run: () => Promise<T>): Promise<T> => this.#turn(actor, run)
    return {
      location: shared.location,
      get: (name) => turn(() => shared.get(name)),
      range: (name, offset, length) => turn(() => shared.range(name, offset, length)),
      size: (name) => turn(() => shared.size(name)),
      putIfAbsent: (name, bytes) => turn(() => shared.putIfAbsent(name, bytes)),
      list: (prefix) => turn(() => shared.list(prefix)),
      delete: (name) => turn(() => shared.delete(name)),
      sweep: (before) => turn(() => shared.sweep(before)),
      close: () => shared.close(),
      async create() {
        const writer = await shared.create()
        return {
          write: (bytes) => writer.write(bytes),
          range: (offset, length) => writer.range(offset, length),
          publish: (name) => turn(() => writer.publish(name)),
          discard: () => writer.discard(),
        }
      },
    }
  }

  /** One actor's view of private files that all share. */
  privateFiles(actor: string, shared: PrivateFiles): PrivateFiles {
    const turn = <T>(run: () => Promise<T>): Promise<T> => this.#turn(actor, run)
    return {
      location: shared.location,
      read: (name) => turn(() => shared.read(name)),
      write: (name, bytes) => turn(() => shared.write(name, bytes)),
      remove: (name) => turn(() => shared.remove(name)),
      versioned: (name) => {
        const file = shared.versioned(name)
        return {
          ...file,
          read: () => turn(() => file.read()),
          replace: (version, bytes) => turn(() => file.replace(version, bytes)),
        }
      },
    }
  }

  /** Runs actors to their ends. Each gives what it did, or the error it ended with. */
  async run<T>(actors: ReadonlyMap<string, () => Promise<T>>): Promise<Map<string, T | Error>> {
    const results = new Map<string, T | Error>()
    for (const name of actors.keys()) this.#live.add(name)
    for (const [name, act] of actors) {
      act()
        .then(
          (result) => results.set(name, result),
          (error: Error) => results.set(name, error),
        )
        .finally(() => this.#live.delete(name))
    }
    while (this.#live.size > 0) {
      await setImmediate()
      // Compression may be on another thread: nobody is let go before all have come to their next call.
      const isSettled = [...this.#live].every((name) => (this.#waiting.get(name) ?? []).length > 0)
      if (isSettled && this.#live.size > 0) this.#letGo()
    }
    return results
  }

  #turn<T>(actor: string, run: () => Promise<T>): Promise<T> {
    // After the end of all, and before it, nobody waits.
    if (!this.#live.has(actor)) return run()
    return new Promise<void>((resolve) => {
      const calls = this.#waiting.get(actor)
      if (calls === undefined) this.#waiting.set(actor, [resolve])
      else calls.push(resolve)
    }).then(run)
  }

  #letGo(): void {
    const names = [...this.#live].sort()
    const stays = this.#last !== undefined && this.#live.has(this.#last) && this.#random() < STAY
    const name = stays ? this.#last! : names[Math.floor(this.#random() * names.length)]!
    this.#last = name
    this.#turns++
    this.#waiting.get(name)!.shift()!()
  }
}

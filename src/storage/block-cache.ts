import type { Storage } from './storage.ts'

/** Small records lie in packs in the order in which they were made: one that is read is seldom alone. */
const BLOCK = 32 * 1024
/** Longer ranges are read as they are. */
const LONGEST = BLOCK / 2
/** Blocks kept of all packs together, 4 MiB: the records of some thousand commits of a series. */
const KEPT = 128
/** Blocks read at once, at most. */
const RUN = 8
/** Blocks of which it is known that they were asked for once. */
const SEEN = 4096
/** Who has read so many bytes one after another goes on, with gaps of at most so many. */
const STEADY = 64 * 1024
const GAP = 64 * 1024
/** Bytes that are read at once for those, at most; never more than they have read before. */
const WINDOW = 256 * 1024
/** What is longer is read by itself: it takes no longer so. */
const LONGEST_ALONG = WINDOW / 4
/** Packs of which it is known where reading has come: what is a difference lies in another than what it is to. */
const RUNS = 4

/** Ranges of a pack that are read one after another. */
interface Run {
  end: number
  /** Of all of them. */
  bytes: number
  /** What was read along, and where that begins. */
  start: number
  window: Uint8Array
}

/**
 * Blocks of packs, of which what a name stands for never changes. A block is read whole when something of it is asked
 * for a second time: who reads one record here and one there reads no more than those. Who goes from block to block,
 * forwards or back, gets as many more at once as lie behind. Who reads on and on, as for sending all of it, gets what comes
 * next along with what was asked for.
 */
export class BlockCache {
  /** In order of use, the oldest first. */
  readonly #blocks = new Map<string, Uint8Array>()
  /** In order of use, the oldest first. */
  readonly #seen = new Set<string>()
  /** By the pack, in order of use, the oldest first. */
  readonly #runs = new Map<string, Run>()

  /** A view, not to be written to; at once where it is in memory. */
  range(
    storage: Pick<Storage, 'range'>,
    name: string,
    size: number,
    offset: number,
    length: number,
  ): Uint8Array | Promise<Uint8Array> {
    const run = this.#follow(name, offset, length)
    const inWindow = offset - run.start
    if (inWindow >= 0 && inWindow + length <= run.window.length) {
      return run.window.subarray(inWindow, inWindow + length)
    }
    const number = Math.floor(offset / BLOCK)
    const start = number * BLOCK
    if (length > LONGEST || offset + length > start + BLOCK) {
      const isSteady = run.bytes > STEADY && length <= LONGEST_ALONG
      if (!isSteady) return storage.range(name, offset, length)
      return readAlong(run, storage, name, size, offset, length)
    }
    const key = `${number} ${name}`
    const block = this.#blocks.get(key)
    if (block !== undefined) {
      this.#blocks.delete(key)
      this.#blocks.set(key, block)
      return block.subarray(offset - start, offset - start + length)
    }
    const [first, end] = this.#runAround(number, name, size)
    if (first === end) {
      this.#see(key)
      return storage.range(name, offset, length)
    }
    const from = first * BLOCK
    return storage.range(name, from, Math.min(end * BLOCK, size) - from).then((bytes) => {
      for (let other = first; other < end; other++) {
        const at = (other - first) * BLOCK
        this.#blocks.set(`${other} ${name}`, bytes.subarray(at, at + BLOCK))
      }
      for (const oldest of this.#blocks.keys()) {
        if (this.#blocks.size <= KEPT) break
        this.#blocks.delete(oldest)
      }
      return bytes.subarray(offset - from, offset - from + length)
    })
  }

  /** How far a pack is read, with a range that follows. */
  #follow(name: string, offset: number, length: number): Run {
    const run = this.#runs.get(name) ?? { end: 0, bytes: 0, start: 0, window: NO_BYTES }
    const goesOn = offset >= run.end && offset <= run.end + GAP
    run.bytes = length + (goesOn ? run.bytes : 0)
    run.end = offset + length
    this.#runs.delete(name)
    this.#runs.set(name, run)
    for (const oldest of this.#runs.keys()) {
      if (this.#runs.size <= RUNS) break
      this.#runs.delete(oldest)
    }
    return run
  }

  /** The blocks to read for one; none where that is not worth it yet. */
  #runAround(number: number, name: string, size: number): [first: number, end: number] {
    const isKept = (other: number) => this.#blocks.has(`${other} ${name}`)
    let before = 0
    while (before < RUN && isKept(number - 1 - before)) before++
    let after = 0
    while (after < RUN && isKept(number + 1 + after)) after++
    if (before > after) {
      return [number, Math.min(Math.ceil(size / BLOCK), number + before)]
    }
    if (after > before) return [Math.max(0, number + 1 - after), number + 1]
    const isWanted = after > 0 || this.#seen.delete(`${number} ${name}`)
    return [number, isWanted ? number + 1 : number]
  }

  #see(key: string): void {
    this.#seen.add(key)
    if (this.#seen.size <= SEEN) return
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest)
      break
    }
  }
}

const NO_BYTES = new Uint8Array(0)

async function readAlong(
  run: Run,
  storage: Pick<Storage, 'range'>,
  name: string,
  size: number,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const before = run.bytes - length
  const wanted = Math.max(length, Math.min(WINDOW, before))
  const bytes = await storage.range(name, offset, Math.min(wanted, size - offset))
  run.start = offset
  run.window = bytes
  return bytes.subarray(0, length)
}

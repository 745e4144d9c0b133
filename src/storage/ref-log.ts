import { randomUUID } from 'node:crypto'
import { type ErrorCode, hasCode, VarveError } from '../core/errors.ts'
import { checkTransaction, checkUpdates } from './check-transaction.ts'
import { decodeArchive, encodeArchive } from './log-archive.ts'
import {
  decodeEntry,
  encodeEntry,
  type LogEntry,
  type ParsedEntry,
  type Transaction,
} from './log-entry.ts'
import { corruptLog } from './log-envelope.ts'
import { CHECKPOINT_EVERY, type LogFolder, logName, logNumber } from './log-names.ts'
import {
  applyEntries,
  decodeCheckpoint,
  emptyState,
  encodeCheckpoint,
  type LogState,
  nextCheckpoint,
  remembering,
} from './log-state.ts'
import type { Storage } from './storage.ts'
import { Turns } from './turns.ts'

export interface RefLogOptions {
  /** Entries between checkpoints. All writers of a repository use the same; fewer in tests. */
  readonly checkpointEvery?: number
  /** Told of each state that is new to this process, before anybody else is. */
  readonly onState?: (state: LogState) => void
  /**
   * Completes a transaction for the state that it is about to follow, each time that this is another one; throws
   * where it cannot follow it.
   */
  readonly complete?: (transaction: Transaction, state: LogState) => Promise<Transaction>
}

export interface AppendOptions {
  /** The number of the entry that it must follow: `conflict` where another one was appended since. */
  readonly after?: number
}

/** Opens the ref log of a storage. Nothing is read before something is asked for. */
export function openRefLog(storage: Storage, options: RefLogOptions = {}): RefLog {
  return new RefLog(storage, options)
}

interface Loaded {
  readonly state: LogState
  /** The entries that lead to `state`, as far as no checkpoint covers them. */
  readonly recent: readonly LogEntry[]
}

/** Entries read at once while loading. */
const READ_AHEAD = 32

/** How often one write is repeated when storage does not say what became of it. */
const UNCLEAR_WRITES = 3

/** Failures that do not say what became of a write. */
const UNCLEAR: readonly ErrorCode[] = ['io', 'unreachable', 'disconnected']
/** Failures of a storage, or of the way there. */
const OF_STORAGE: readonly ErrorCode[] = [
  ...UNCLEAR,
  'disk-full',
  'permission-denied',
  'access-denied',
]

function isOneOf(error: unknown, codes: readonly ErrorCode[]): boolean {
  return codes.some((code) => hasCode(error, code))
}

/**
 * The only shared mutable state of a repository: an append-only log of transactions. Entry n is
 * published by put-if-absent, which is at once the compare-and-swap, the update of many refs, the
 * reflog and the list of packs.
 *
 * Entries up to a checkpoint c are deleted once it is durable, which frees their numbers. What is
 * read under a number n is therefore believed only after a look at the checkpoints that came later
 * and found none ≥ n, by readers and by the writer of n alike.
 */
export class RefLog {
  readonly #storage: Storage
  readonly #every: number
  readonly #options: RefLogOptions
  readonly #reading = new Turns()
  readonly #appending = new Turns()
  #loaded: Loaded | undefined

  constructor(storage: Storage, options: RefLogOptions = {}) {
    this.#storage = storage
    this.#options = options
    this.#every = options.checkpointEvery ?? CHECKPOINT_EVERY
  }

  /** The state now. What is returned never changes. */
  async state(): Promise<LogState> {
    return (await this.#load()).state
  }

  /**
   * Appends a transaction, durably. `conflict`, naming the ref, when one of its refs is not what
   * `old` says; a lost race alone is no conflict: it is tried again on the new state.
   */
  append(transaction: Transaction, options: AppendOptions = {}): Promise<LogEntry> {
    // Within a process they take turns: racing against oneself only repeats work.
    return this.#appending.run(() => this.#append(transaction, options))
  }

  async #append(given: Transaction, { after }: AppendOptions): Promise<LogEntry> {
    checkTransaction(given)
    const uuid = given.uuid ?? randomUUID()
    for (;;) {
      const { state } = await this.#load()
      if (after !== undefined && state.number !== after) throw movedOn(after, state.number)
      checkUpdates(state, given, after !== undefined)
      const transaction = (await this.#options.complete?.(given, state)) ?? given
      checkUpdates(state, transaction, after !== undefined)
      const { since: _, ...said } = transaction
      const entry: LogEntry = { ...said, number: state.number + 1, uuid }
      const bytes = encodeEntry(entry)
      if (!(await this.#publish(entry, bytes))) continue
      const checkpoint = (await this.#numbers('checkpoints')).at(-1) ?? 0
      if (checkpoint >= entry.number && !(await this.#isArchived(entry))) {
        // The number had been freed: nobody will ever read this entry.
        await this.#storage.delete(logName('log', entry.number))
        continue
      }
      if (checkpoint < entry.number) await this.#follow(state, entry.number, bytes)
      await this.#checkpoint(checkpoint, entry.number)
      return entry
    }
  }

  /**
   * The transactions, from the log and its archives, the newest first unless told otherwise. Ends
   * (or begins) where archives have been removed.
   */
  async *entries(options: { newestFirst?: boolean } = {}): AsyncIterable<LogEntry> {
    const { state, recent } = await this.#load()
    const newestFirst = options.newestFirst ?? true
    const archives = await this.#numbers('archive')
    let next = recent[0]?.number ?? state.number + 1
    if (newestFirst) {
      yield* [...recent].reverse()
      while (next > 1) {
        const entries = await this.#archive(archives.find((last) => last >= next - 1))
        const older = entries.filter(({ number }) => number < next)
        if (older.length === 0) return
        yield* older.reverse()
        next = older.at(-1)!.number
      }
      return
    }
    let after = 0
    for (const last of archives) {
      for (const entry of await this.#archive(last)) {
        if (entry.number <= after || entry.number >= next) continue
        yield entry
        after = entry.number
      }
    }
    yield* recent
  }

  #load(): Promise<Loaded> {
    return this.#reading.run(() => this.#catchUp())
  }

  /** Brings the state up to the end of the log. */
  async #catchUp(): Promise<Loaded> {
    let from = this.#loaded
    let known = from !== undefined
    from ??= await this.#fromCheckpoint((await this.#numbers('checkpoints')).at(-1) ?? 0)
    for (;;) {
      const { entries, missing } = await this.#entriesAfter(from.state.number, known)
      const checkpoint = (await this.#numbers('checkpoints')).at(-1) ?? 0
      if (checkpoint > from.state.number) {
        // What was read may stand under numbers that had been freed: begin again from there.
        const { state, recent } = await this.#fromCheckpoint(checkpoint)
        from = { state: remembering(state, from.state), recent }
        known = false
        continue
      }
      if (missing !== undefined) throw corruptLog(logName('log', missing), 'it is missing')
      const applied = applyEntries(from.state, entries)
      const recent = [...from.recent, ...applied.entries]
      if (applied.state !== this.#loaded?.state) this.#options.onState?.(applied.state)
      this.#loaded = {
        state: applied.state,
        recent: recent.filter(({ number }) => number > checkpoint),
      }
      return this.#loaded
    }
  }

  /**
   * Takes in an own entry as if it had been read: after it got its name, no checkpoint was found that covers it.
   * @param state the one that it follows
   */
  #follow(state: LogState, number: number, bytes: Uint8Array): Promise<void> {
    return this.#reading.run(async () => {
      const loaded = this.#loaded
      if (loaded?.state !== state) return
      const applied = applyEntries(state, [decodeEntry(bytes, number, logName('log', number))])
      this.#options.onState?.(applied.state)
      this.#loaded = { state: applied.state, recent: [...loaded.recent, ...applied.entries] }
    })
  }

  async #fromCheckpoint(number: number): Promise<Loaded> {
    if (number === 0) return { state: emptyState, recent: [] }
    const name = logName('checkpoints', number)
    const bytes = await this.#storage.get(name)
    if (bytes !== undefined) return { state: decodeCheckpoint(bytes, number, name), recent: [] }
    // Checkpoints are removed only after a later one is there.
    const latest = (await this.#numbers('checkpoints')).at(-1) ?? 0
    if (latest <= number) throw corruptLog(name, 'it cannot be found again')
    return this.#fromCheckpoint(latest)
  }

  /**
   * The entries after `number`, up to the first that is not there; `missing` is its number when a
   * later one is there. A log that was read before is only asked for what follows.
   */
  async #entriesAfter(
    number: number,
    known: boolean,
  ): Promise<{ entries: ParsedEntry[]; missing?: number }> {
    const listed = known ? 0 : ((await this.#numbers('log')).at(-1) ?? 0)
    const entries: ParsedEntry[] = []
    for (let next = number + 1; ; ) {
      const count = Math.min(READ_AHEAD, Math.max(1, listed - next + 1))
      const batch = Array.from({ length: count }, (_, i) => this.#entry(next + i))
      for (const found of await Promise.all(batch)) {
        if (found === undefined) return next <= listed ? { entries, missing: next } : { entries }
        entries.push(found)
        next++
      }
    }
  }

  async #entry(number: number): Promise<ParsedEntry | undefined> {
    const name = logName('log', number)
    const bytes = await this.#storage.get(name)
    return bytes && decodeEntry(bytes, number, name)
  }

  async #archive(number: number | undefined): Promise<LogEntry[]> {
    if (number === undefined) return []
    const name = logName('archive', number)
    const bytes = await this.#storage.get(name)
    return bytes === undefined ? [] : decodeArchive(bytes, name)
  }

  /** Numbers in use in a folder, ascending. */
  async #numbers(folder: LogFolder): Promise<number[]> {
    const numbers: number[] = []
    for (const { name } of await this.#storage.list(`${folder}/`)) {
      const number = logNumber(name)
      if (number !== undefined) numbers.push(number)
    }
    return numbers.sort((a, b) => a - b)
  }

  /** Puts an entry under its number: whether this transaction has it now. */
  async #publish(entry: LogEntry, bytes: Uint8Array): Promise<boolean> {
    const name = logName('log', entry.number)
    for (let attempt = 1; ; attempt++) {
      try {
        if (await this.#storage.putIfAbsent(name, bytes)) return true
      } catch (error) {
        // The write may have worked all the same: what is there now decides. Where that cannot be
        // read either, the first failure is what to report. What is there and is ours is put once
        // more: that it can be read does not say that it was flushed.
        const found = await this.#entry(entry.number).catch(() => undefined)
        if (found !== undefined && found.uuid !== entry.uuid) return false
        const isUnclear = found !== undefined || isOneOf(error, UNCLEAR)
        if (!isUnclear || attempt === UNCLEAR_WRITES) throw error
        continue
      }
      // An earlier attempt whose answer was lost may be what holds the name.
      return (await this.#entry(entry.number))?.uuid === entry.uuid
    }
  }

  /** Whether the entry that a checkpoint was computed from is this one. */
  async #isArchived({ number, uuid }: LogEntry): Promise<boolean> {
    const last = (await this.#numbers('archive')).find((archived) => archived >= number)
    const entries = await this.#archive(last)
    return entries.some((entry) => entry.number === number && entry.uuid === uuid)
  }

  /**
   * Writes the checkpoints that are due, then removes what they cover. A failure is no failure of
   * the transaction, which is durable already: the next writer will do it.
   */
  async #checkpoint(latest: number, number: number): Promise<void> {
    try {
      for (let from = latest; number - from >= this.#every; from += this.#every) {
        if (!(await this.#checkpointAfter(from))) return
      }
    } catch (error) {
      if (!isOneOf(error, OF_STORAGE)) throw error
    }
  }

  /**
   * Archives all entries that there are, whatever their number, so that the log is a checkpoint and
   * archives. Returns how many entries were archived.
   */
  async archive(): Promise<number> {
    const latest = (await this.#numbers('checkpoints')).at(-1) ?? 0
    const { state } = await this.#load()
    if (state.number <= latest || !(await this.#checkpointAfter(latest, state.number))) return 0
    await this.#dropCheckpoints(state.number)
    return state.number - latest
  }

  /** Archives the entries after checkpoint `from`, writes the next one, and removes old ones. */
  async #checkpointAfter(from: number, number = from + this.#every): Promise<boolean> {
    const { state } = await this.#fromCheckpoint(from)
    if (state.number !== from) return false
    const entries: ParsedEntry[] = []
    for (let next = from + 1; next <= number; next++) {
      const found = await this.#entry(next)
      if (found === undefined) return false
      entries.push(found)
    }
    // As every reader: what was read counts only while no later checkpoint is there.
    if (((await this.#numbers('checkpoints')).at(-1) ?? 0) !== from) return false
    const reached = nextCheckpoint(state, entries)
    const archive = await encodeArchive(entries, state.refs)
    await this.#storage.putIfAbsent(logName('archive', number), archive)
    await this.#storage.putIfAbsent(logName('checkpoints', number), encodeCheckpoint(reached))
    for (const covered of await this.#numbers('log')) {
      if (covered <= number) await this.#storage.delete(logName('log', covered))
    }
    // The one before stays for readers that are about to open it.
    await this.#dropCheckpoints(from)
    return true
  }

  /** Removes checkpoints before one. Who is about to read one of them looks for a later one then. */
  async #dropCheckpoints(before: number): Promise<void> {
    for (const old of await this.#numbers('checkpoints')) {
      if (old < before) await this.#storage.delete(logName('checkpoints', old))
    }
  }
}

function movedOn(after: number, number: number): VarveError {
  return new VarveError('conflict', 'the ref log has grown meanwhile', {
    data: { expected: after, found: number },
  })
}

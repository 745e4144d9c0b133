import { equalBytes } from '../core/bytes.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { decodeArchive } from './log-archive.ts'
import { decodeEntry, type LogEntry, type ParsedEntry } from './log-entry.ts'
import { corruptLog } from './log-envelope.ts'
import { type EntryRange, gapsAmong, type LogFolder, logName, logNumber } from './log-names.ts'
import {
  applyEntries,
  DEFAULT_BRANCH,
  decodeCheckpoint,
  emptyState,
  encodeCheckpoint,
  type LogState,
} from './log-state.ts'
import type { Storage } from './storage.ts'

/** A ref log read as far as it can be, whatever is wrong with it. */
export interface LogReading {
  /** All that is wrong. */
  readonly problems: readonly VarveError[]
  /** What the log says at its end; where entries are lost, what the others say. */
  readonly state: LogState
  /** Whether the log can be read as it is; else what is not sure is which packs count. */
  readonly readable: boolean
  /** The checkpoint that `state` was reached from; 0 where there is none. */
  readonly from: LogState
  /** The entries after `from`, as far as they are there; of archived ones the packs are not known. */
  readonly entries: readonly ParsedEntry[]
  /** Entries after `from` that nothing says, ascending. */
  readonly lost: readonly EntryRange[]
  /** Names in storage of what is damaged. */
  readonly damaged: readonly string[]
  /** How many entries there are, in the log and its archives. */
  readonly count: number
  /** Ids that entries lead to, and the number of the newest that does. */
  readonly roots: ReadonlyMap<Id, LogRoot>
}

export interface LogRoot {
  readonly number: number
  readonly kind?: 'tree'
}

type Named = readonly (readonly [number: number, name: string])[]

/**
 * Reads every checkpoint, archive and entry, and checks that each follows from those before it: what archives say that
 * refs were, and what checkpoints say, is computed again from the entries as far as those are there. Others may write
 * meanwhile. A repository that needs what this program does not have is among the problems too.
 */
export async function readWholeLog(storage: Storage): Promise<LogReading> {
  for (;;) {
    const before = await numbersIn(storage, 'checkpoints')
    const reader = new LogReader(storage)
    const reading = await reader.read(before)
    // As every reader: what was read counts only while no later checkpoint is there.
    const after = await numbersIn(storage, 'checkpoints')
    const grew = (after.at(-1)?.[0] ?? 0) > (before.at(-1)?.[0] ?? 0)
    if (!grew && !reader.missed) return reading
  }
}

/** A damaged file so far past the other entries is none: a log has one for each number, and archives them in hundreds. */
const FAR = 1024

class LogReader {
  /** Whether something that was listed had gone when it was to be read. */
  missed = false
  /** Whether a damaged file has a number that no entry can have come to. */
  #hasStray = false
  readonly #storage: Storage
  readonly #problems: VarveError[] = []
  readonly #damaged: string[] = []
  readonly #roots = new Map<Id, LogRoot>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  async read(checkpoints: Named): Promise<LogReading> {
    const states = new Map<number, LogState>()
    for (const [number, name] of checkpoints) {
      const state = await this.#attempt(name, (bytes) => {
        const decoded = decodeCheckpoint(bytes, number, name)
        if (equalBytes(encodeCheckpoint(decoded), bytes)) return decoded
        throw corruptLog(name, 'it is not written as it must be')
      })
      if (state !== undefined) states.set(number, state)
    }
    const newest = checkpoints.at(-1)?.[0] ?? 0
    const from = states.get(Math.max(0, ...states.keys())) ?? emptyState
    const archived = await this.#readArchives(states, from.number)
    const { own, last } = await this.#readOwn(newest)
    const top = Math.max(last, archived.last)
    const known = new Map([...archived.kept, ...own])
    const numbers = [...known.keys()].sort((a, b) => a - b)
    const entries = numbers.map((number) => known.get(number)!)
    const lost = gapsAmong(numbers, from.number, top)
    const isOwn = lost.length === 0 && numbers.every((number) => own.has(number))
    const readable = from.number === newest && isOwn && !this.#hasStray
    if (archived.last > last) {
      const name = logName('checkpoints', archived.last)
      this.#problems.push(corruptLog(name, 'it is missing, and so are the entries that it covers'))
    }
    const applied = this.#apply(from, entries, own, lost)
    return {
      problems: this.#problems,
      damaged: this.#damaged,
      state: { ...applied.state, number: top },
      readable: readable && applied.isWhole,
      from,
      entries,
      lost,
      count: archived.count + [...own.keys()].filter((number) => number > archived.last).length,
      roots: this.#roots,
    }
  }

  /** The entries of `log/` that count, and what is wrong with them: one damaged is not there. */
  async #readOwn(newest: number): Promise<{ own: Map<number, ParsedEntry>; last: number }> {
    const own = new Map<number, ParsedEntry>()
    let last = newest
    for (const [number, name] of await numbersIn(this.#storage, 'log')) {
      // What stands under a number that a checkpoint covers means nothing.
      if (number <= newest) continue
      const entry = await this.#attempt(name, (bytes) => decodeEntry(bytes, number, name))
      if (entry === undefined && number - last > FAR) {
        this.#hasStray = true
        continue
      }
      for (const gap of gapsAmong([number], last, number)) {
        const others = gap.first === gap.last ? '' : `, and so are those up to ${gap.last}`
        this.#problems.push(corruptLog(logName('log', gap.first), `it is missing${others}`))
      }
      last = number
      if (entry !== undefined) own.set(number, entry)
    }
    return { own, last }
  }

  /** Reads all archives; keeps the entries after `after`, which no good checkpoint covers. */
  async #readArchives(states: ReadonlyMap<number, LogState>, after: number) {
    const kept = new Map<number, ParsedEntry>()
    let known = knownBefore(1)
    let count = 0
    let last = 0
    for (const [number, name] of await numbersIn(this.#storage, 'archive')) {
      const entries = await this.#attempt(name, (bytes) => decodeArchive(bytes, name))
      if (entries === undefined) continue
      const first = entries[0]?.number
      if (first === undefined || entries.at(-1)?.number !== number) {
        this.#fault(corruptLog(name, 'its entries are not those that its name says'), name)
        continue
      }
      if (first > last + 1) known = knownBefore(first)
      const added = entries.filter((entry) => entry.number > last)
      const fault = follow(known, added)
      if (fault !== undefined) this.#problems.push(corruptLog(name, fault))
      const state = states.get(number)
      if (state !== undefined) this.#compare(known, state)
      count += added.length
      for (const entry of added) {
        this.#meet(entry)
        if (entry.number > after) kept.set(entry.number, parsedOf(entry))
      }
      last = number
    }
    return { kept, count, last }
  }

  /** What the archived entries lead to, against what a checkpoint says. */
  #compare(known: Known, state: LogState): void {
    const fault = (reason: string): void => {
      this.#problems.push(corruptLog(logName('checkpoints', state.number), reason))
    }
    for (const [ref, id] of known.refs) {
      if (state.refs.get(ref) !== id) fault(`${ref} is not what the entries before it say`)
    }
    if (known.head !== undefined && known.head !== state.head) {
      fault(`the default branch is not what the entries before it say`)
    }
    if (!known.isWhole) return
    for (const ref of state.refs.keys()) {
      if (known.refs.get(ref) === undefined) fault(`no entry before it made ${ref}`)
    }
    if (!equalSets(known.shallow, state.shallow)) {
      fault('its shallow commits are not what the entries before it say')
    }
    if (!equalSets(known.features, state.requiredFeatures)) {
      fault('its features are not what the entries before it say')
    }
  }

  #apply(
    from: LogState,
    entries: readonly ParsedEntry[],
    own: ReadonlyMap<number, ParsedEntry>,
    lost: readonly EntryRange[],
  ): { state: LogState; isWhole: boolean } {
    let state = from
    let isWhole = true
    for (const entry of entries) {
      const before: LogState = { ...state, number: entry.number - 1 }
      try {
        const applied = applyEntries(before, [entry])
        state = applied.state
        if (own.has(entry.number)) for (const found of applied.entries) this.#meet(found)
      } catch (error) {
        if (!(error instanceof VarveError)) throw error
        // After lost entries, what a ref was before is not known.
        if (!lost.some(({ first }) => first < entry.number)) this.#problems.push(error)
        isWhole = false
        const applied = applyEntries(assuming(before, entry), [entry])
        state = applied.state
        for (const found of applied.entries) this.#meet({ ...found, updates: onlyNew(found) })
      }
    }
    return { state, isWhole }
  }

  #meet({ updates, head, index, number }: LogEntry): void {
    const add = (id: string | undefined, kind?: 'tree'): void => {
      if (id !== undefined && isId(id)) this.#roots.set(id, { number, ...(kind && { kind }) })
    }
    for (const update of updates) {
      add(update.old)
      add(update.new)
    }
    add(head?.old)
    add(head?.new)
    add(index?.old, 'tree')
  }

  async #attempt<T>(
    name: string,
    decode: (bytes: Uint8Array) => T | Promise<T>,
  ): Promise<T | undefined> {
    const bytes = await this.#storage.get(name)
    if (bytes === undefined) {
      this.missed = true
      return undefined
    }
    try {
      return await decode(bytes)
    } catch (error) {
      if (!(error instanceof VarveError)) throw error
      this.#fault(error, name)
      return undefined
    }
  }

  #fault(error: VarveError, name: string): void {
    this.#problems.push(error)
    this.#damaged.push(name)
  }
}

/** What archived entries say, one after another. */
interface Known {
  /** Undefined: it is known that there is none. */
  readonly refs: Map<string, Id | undefined>
  head: string | undefined
  readonly shallow: Set<Id>
  readonly features: Set<string>
  /** Whether all entries are known, from the first: then so is what none of them changed. */
  readonly isWhole: boolean
}

function knownBefore(first: number): Known {
  const isWhole = first === 1
  return {
    refs: new Map(),
    head: isWhole ? DEFAULT_BRANCH : undefined,
    shallow: new Set(),
    features: new Set(),
    isWhole,
  }
}

/** Applies archived entries; says what does not follow from those before. */
function follow(known: Known, entries: readonly LogEntry[]): string | undefined {
  let fault: string | undefined
  for (const { number, updates, head, shallow, features = [] } of entries) {
    for (const { name, old, new: next } of updates) {
      const isKnown = known.isWhole || known.refs.has(name)
      if (isKnown && known.refs.get(name) !== old) {
        fault ??= `before entry ${number}, ${name} was not what it says`
      }
      known.refs.set(name, next)
    }
    if (head?.new.startsWith('refs/')) known.head = head.new
    for (const id of shallow?.added ?? []) known.shallow.add(id)
    for (const id of shallow?.removed ?? []) known.shallow.delete(id)
    for (const feature of features) known.features.add(feature)
  }
  return fault
}

function equalSets<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item))
}

/** A state in which each ref is what an entry says that it was, as far as it says it. */
function assuming(state: LogState, { updates }: ParsedEntry): LogState {
  const refs = new Map(state.refs)
  for (const { name, oldStart } of updates) {
    if (oldStart === undefined) refs.delete(name)
    else refs.set(name, oldStart.padEnd(64, '0') as Id)
  }
  return { ...state, refs }
}

/** Updates without what refs were before, where that is not known. */
function onlyNew({ updates }: LogEntry): LogEntry['updates'] {
  return updates.map((update) => ({ ...update, old: undefined }))
}

/** An archived entry as the log had it; which packs it named is not known any more. */
function parsedOf(entry: LogEntry): ParsedEntry {
  const updates = entry.updates.map(({ name, old, new: next }) => ({
    name,
    oldStart: old?.slice(0, 8),
    new: next,
  }))
  return { ...entry, updates }
}

async function numbersIn(storage: Storage, folder: LogFolder): Promise<Named> {
  const found: [number, string][] = []
  for (const { name } of await storage.list(`${folder}/`)) {
    const number = logNumber(name)
    if (number !== undefined) found.push([number, name])
  }
  return found.sort(([a], [b]) => a - b)
}

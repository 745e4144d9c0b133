import { randomUUID } from 'node:crypto'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { Signature } from '../core/signature.ts'
import type { LogReading } from './check-log.ts'
import { encodeArchive } from './log-archive.ts'
import { type ParsedEntry, resolveEntry } from './log-entry.ts'
import { type EntryRange, logName, logNumber } from './log-names.ts'
import { encodeCheckpoint, type LogState } from './log-state.ts'
import { copyAside } from './set-aside.ts'
import type { Storage } from './storage.ts'

export interface SalvagedLogOptions {
  /** Names of the packs that are to count. */
  readonly packs: ReadonlySet<string>
  /** Who stands in place of entries that are lost. */
  readonly who: Signature
  /** Refs that the last entry which is lost makes, for what it may have led to. */
  readonly tags: ReadonlyMap<string, Id>
  /** The only commit or tag whose id begins with these hex digits; undefined where that is not clear. */
  findTarget(digits: string): Promise<Id | undefined>
}

/**
 * Ends a damaged ref log with a checkpoint of what is known, under the number of its last entry, so that nobody takes
 * that number again. Each damaged file is copied aside first, and goes when the checkpoint is there: whoever is stopped
 * before that leaves a log that is still damaged, not one that is shorter. In place of a lost entry the archive gets one that says so,
 * with what refs became in it as far as later entries tell. Returns the names of the copies.
 */
export async function salvageLog(
  storage: Storage,
  reading: LogReading,
  options: SalvagedLogOptions,
): Promise<string[]> {
  const { number } = reading.state
  const copies: string[] = []
  for (const name of reading.damaged) {
    const copy = await copyAside(storage, name)
    if (copy !== undefined) copies.push(copy)
  }
  const archives = await filledIn(reading, options)
  const left = new Set(reading.damaged)
  const replace = async (name: string, bytes: Uint8Array): Promise<void> => {
    if (left.delete(name)) await storage.delete(name)
    await storage.putIfAbsent(name, bytes)
  }
  if (!reading.readable) {
    const tags = reading.lost.length > 0 ? options.tags : []
    const refs = new Map([...reading.state.refs, ...tags])
    const state: LogState = { ...reading.state, refs, packs: options.packs }
    for (const { entries, before } of archives) {
      const last = entries.at(-1)
      if (last === undefined) continue
      await replace(logName('archive', last.number), await encodeArchive(entries, before))
    }
    await replace(logName('checkpoints', number), encodeCheckpoint(state))
    for (const { name } of await storage.list('log/')) {
      if ((logNumber(name) ?? Number.POSITIVE_INFINITY) <= number) await storage.delete(name)
    }
  }
  for (const name of left) await storage.delete(name)
  return copies
}

/**
 * When so many lost entries are stood in for, only the last of those in a row is: an archive ends before them, and
 * another begins with that one.
 */
const MOST_STAND_INS = 1024

interface ArchivedEntries {
  readonly entries: readonly ParsedEntry[]
  /** What refs that they change were before the first of them. */
  readonly before: ReadonlyMap<string, Id | undefined>
}

/** The entries with others in place of those that are lost; from the last one on that cannot be explained. */
async function filledIn(
  { from, entries, lost }: LogReading,
  { who, tags, findTarget }: SalvagedLogOptions,
): Promise<ArchivedEntries[]> {
  const archives: ArchivedEntries[] = []
  const refs = new Map(from.refs)
  let before = new Map<string, Id | undefined>()
  let kept: ParsedEntry[] = []
  let standIns = 0
  const keep = (entry: ParsedEntry): void => {
    for (const { name } of entry.updates) if (!before.has(name)) before.set(name, refs.get(name))
    resolveEntry(entry, refs)
    kept.push(entry)
  }
  const standIn = async ({ first, last }: EntryRange, next: ParsedEntry | undefined) => {
    const isMany = standIns + last - first >= MOST_STAND_INS
    standIns += isMany ? 1 : last - first + 1
    if (isMany) {
      archives.push({ entries: kept, before })
      kept = []
      before = new Map()
    }
    const updates = await explained(refs, next, findTarget)
    if (last === lost.at(-1)?.last) {
      for (const [name, id] of tags) updates.push({ name, oldStart: undefined, new: id })
    }
    const message = 'fsck --salvage: this entry is lost'
    for (let number = isMany ? last : first; number <= last; number++) {
      const made = number === last ? updates : []
      keep({ number, uuid: randomUUID(), updates: made, who, message, packs: [] })
    }
  }
  const gaps = [...lost]
  for (const entry of entries) {
    const gap = gaps[0]
    if (gap !== undefined && gap.first < entry.number) await standIn(gaps.shift()!, entry)
    try {
      keep(entry)
    } catch (error) {
      if (!(error instanceof VarveError)) throw error
      // The archive begins behind it: what refs were before that is what the entry made of them.
      kept = []
      for (const { name, new: next } of entry.updates) {
        if (next === undefined) refs.delete(name)
        else refs.set(name, next)
      }
      before = new Map()
    }
  }
  for (const gap of gaps) await standIn(gap, undefined)
  return [...archives, { entries: kept, before }]
}

/** What the entry after a lost one says that refs had become. */
async function explained(
  refs: ReadonlyMap<string, Id>,
  next: ParsedEntry | undefined,
  findTarget: SalvagedLogOptions['findTarget'],
): Promise<ParsedEntry['updates'][number][]> {
  const updates: ParsedEntry['updates'][number][] = []
  for (const { name, oldStart } of next?.updates ?? []) {
    const old = refs.get(name)
    if (old?.slice(0, 8) === oldStart) continue
    const target = oldStart === undefined ? undefined : await findTarget(oldStart)
    if (oldStart !== undefined && target === undefined) continue
    updates.push({ name, oldStart: old?.slice(0, 8), new: target })
  }
  return updates
}

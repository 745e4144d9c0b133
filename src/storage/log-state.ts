import { ByteReader, ByteWriter, compareBytes, textToBytes } from '../core/bytes.ts'
import type { Id } from '../core/id.ts'
import {
  type LogEntry,
  type ParsedEntry,
  readFeatures,
  readIds,
  readList,
  readRefName,
  resolveEntry,
  writeIds,
  writeList,
} from './log-entry.ts'
import { corruptLog, faultIn, seal, unseal } from './log-envelope.ts'

// The content of a checkpoint, after the envelope's head: the state that the entries up to its
// number lead to, and nothing else, so that whoever writes it writes the same bytes.
//
//   number           varint, the same as in the name
//   features         list of texts, sorted by bytes
//   default branch   text
//   refs             list of: name (text), 32 bytes; sorted by the bytes of the names
//   packs            list of 32 bytes, sorted
//   retired          list of 32 bytes, sorted: since the checkpoint before
//   shallow          list of 32 bytes, sorted

export const DEFAULT_BRANCH = 'refs/heads/main'

/** What the log says at one entry. */
export interface LogState {
  /** Of the last entry, 0 before the first. */
  readonly number: number
  readonly refs: ReadonlyMap<string, Id>
  /** The default branch, as `refs/heads/main`: the branch that HEAD was last set to. */
  readonly head: string
  /** Names of the packs that count. */
  readonly packs: ReadonlySet<string>
  /**
   * Names of packs that count no more, or were removed before they ever did, as far as this process or the last checkpoints know:
   * they must never count again, as their files may go at any moment.
   */
  readonly retired: ReadonlySet<string>
  /** The last entry that retired packs, or a later one: who began at an earlier one may rely on what has gone. */
  readonly retiredAt: number
  /** Commits whose parents are left out on purpose. */
  readonly shallow: ReadonlySet<Id>
  readonly requiredFeatures: ReadonlySet<string>
}

export const emptyState: LogState = {
  number: 0,
  refs: new Map(),
  head: DEFAULT_BRANCH,
  packs: new Set(),
  retired: new Set(),
  retiredAt: 0,
  shallow: new Set(),
  requiredFeatures: new Set(),
}

export interface Applied {
  readonly state: LogState
  /** The entries applied, whole. */
  readonly entries: readonly LogEntry[]
}

/** The state after more entries. `corrupt-log` when one does not follow from what is before it. */
export function applyEntries(state: LogState, parsed: readonly ParsedEntry[]): Applied {
  if (parsed.length === 0) return { state, entries: [] }
  const refs = new Map(state.refs)
  const packs = new Set(state.packs)
  const retired = new Set(state.retired)
  const shallow = new Set(state.shallow)
  const features = new Set(state.requiredFeatures)
  const entries: LogEntry[] = []
  let { head, number, retiredAt } = state
  for (const next of parsed) {
    if (next.number !== number + 1) {
      throw corruptLog(`entry ${next.number}`, `it follows entry ${number}`)
    }
    const entry = resolveEntry(next, refs)
    entries.push(entry)
    number = entry.number
    if (entry.head?.new.startsWith('refs/')) head = entry.head.new
    for (const pack of entry.packs) {
      packs.add(pack)
      retired.delete(pack)
    }
    for (const pack of entry.retiredPacks ?? []) {
      packs.delete(pack)
      retired.add(pack)
      retiredAt = number
    }
    for (const id of entry.shallow?.added ?? []) shallow.add(id)
    for (const id of entry.shallow?.removed ?? []) shallow.delete(id)
    for (const feature of entry.features ?? []) features.add(feature)
  }
  return {
    state: { number, refs, head, packs, retired, retiredAt, shallow, requiredFeatures: features },
    entries,
  }
}

/**
 * The state of the checkpoint that follows one, from the entries between them: it names those packs
 * that were retired since the one before, not all that ever were.
 */
export function nextCheckpoint(state: LogState, parsed: readonly ParsedEntry[]): LogState {
  return applyEntries({ ...state, retired: new Set() }, parsed).state
}

/** A state read anew, with what an earlier one of the same process knew of packs that are retired. */
export function remembering(state: LogState, earlier: LogState): LogState {
  const retired = new Set([...earlier.retired, ...earlier.packs, ...state.retired])
  for (const pack of state.packs) retired.delete(pack)
  return { ...state, retired }
}

export function encodeCheckpoint(state: LogState): Uint8Array {
  const writer = new ByteWriter().varint(state.number)
  writeList(writer, sortedTexts(state.requiredFeatures), (feature) => writer.text(feature))
  writer.text(state.head)
  writeList(writer, sortedTexts(state.refs.keys()), (name) => {
    writer.text(name).id(state.refs.get(name)!)
  })
  // Hex digits sort as their bytes do.
  writeIds(writer, [...state.packs].sort() as Id[])
  writeIds(writer, [...state.retired].sort() as Id[])
  writeIds(writer, [...state.shallow].sort())
  return seal('varveLC', writer.finish())
}

export function decodeCheckpoint(bytes: Uint8Array, number: number, name: string): LogState {
  const reader = new ByteReader(unseal('varveLC', bytes, name), 'corrupt-log')
  try {
    if (reader.varint() !== number) throw corruptLog(name, 'it has another number inside')
    const requiredFeatures = new Set(readFeatures(reader, name))
    const head = readRefName(reader)
    const refs = new Map(readList(reader, (): [string, Id] => [readRefName(reader), reader.id()]))
    const packs = new Set<string>(readIds(reader))
    const retired = new Set<string>(readIds(reader))
    const shallow = new Set(readIds(reader))
    reader.expectEnd()
    return { number, refs, head, packs, retired, retiredAt: number, shallow, requiredFeatures }
  } catch (error) {
    throw faultIn(name, error)
  }
}

function sortedTexts(texts: Iterable<string>): string[] {
  return [...texts]
    .map((text) => ({ text, bytes: textToBytes(text) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ text }) => text)
}

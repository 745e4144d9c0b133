import { equalBytes } from '../core/bytes.ts'
import { type LogReading, readWholeLog } from './check-log.ts'
import { decodeEntry } from './log-entry.ts'
import { logName, logNumber } from './log-names.ts'
import { createMemoryStorage } from './memory.ts'
import { packPath } from './pack-writer.ts'
import type { Storage } from './storage.ts'

const FOLDERS = ['log', 'checkpoints', 'archive'] as const

export interface FetchedLog {
  /** The log as it is with the other's files. */
  readonly reading: LogReading
  /** Archives that are the other's. */
  readonly archives: ReadonlyMap<string, Uint8Array>
}

/**
 * Takes what is damaged or missing of a ref log from another copy of it. The two must agree in every other file that
 * both have, and in one at least; packs that an entry taken names must be here; and the log must be whole then. Undefined
 * where that is not so: it is another log, or has gone another way. Nothing is written.
 */
export async function fetchLog(
  storage: Storage,
  reading: LogReading,
  from: Storage,
): Promise<FetchedLog | undefined> {
  const damaged = new Set(reading.damaged)
  const whole = createMemoryStorage()
  const archives = new Map<string, Uint8Array>()
  let common = 0
  for (const folder of FOLDERS) {
    for (const { name } of await storage.list(`${folder}/`)) {
      if (logNumber(name) === undefined || damaged.has(name)) continue
      const [own, other] = [await storage.get(name), await from.get(name)]
      if (own === undefined) return undefined
      if (other !== undefined && !equalBytes(own, other)) return undefined
      if (other !== undefined) common++
      await whole.putIfAbsent(name, own)
    }
  }
  if (common === 0) return undefined
  const wanted = new Set<string>()
  for (const name of namesWanted(reading)) {
    wanted.add(name)
    if (logNumber(name) === undefined || (await whole.size(name)) !== undefined) continue
    const bytes = await from.get(name)
    if (bytes === undefined) return undefined
    await whole.putIfAbsent(name, bytes)
    if (name.startsWith('archive/')) archives.set(name, bytes)
  }
  const found = await readWholeLog(whole)
  if (found.problems.length > 0 || !found.readable) return undefined
  for (const name of wanted) {
    const bytes = name.startsWith('log/') ? await whole.get(name) : undefined
    if (bytes === undefined) continue
    for (const pack of decodeEntry(bytes, logNumber(name) ?? 0, name).packs) {
      const isRetired = found.state.retired.has(pack)
      if (!isRetired && (await storage.size(packPath(pack))) === undefined) return undefined
    }
  }
  return { reading: found, archives }
}

/** One after another: who asks ends with the first that the other has not, however many a damaged log seems to have lost. */
function* namesWanted({ damaged, lost, problems }: LogReading): Generator<string> {
  yield* damaged
  for (const { first, last } of lost) {
    for (let number = first; number <= last; number++) yield logName('log', number)
  }
  for (const { data } of problems) if (typeof data.name === 'string') yield data.name
}

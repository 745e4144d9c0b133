import { hashObject, type Id } from '../../src/core/id.ts'
import type { LogEntry, Transaction } from '../../src/storage/log-entry.ts'
import type { RefLog } from '../../src/storage/ref-log.ts'

/** Some id, the same for the same text. */
export function idOf(text: string): Id {
  return hashObject('blob', new TextEncoder().encode(text))
}

export const someone = {
  name: 'Ann',
  email: 'ann@example.org',
  seconds: 1_600_000_000,
  offsetMinutes: -90,
}

/** A transaction that moves one ref. */
export function moveOf(
  name: string,
  old: Id | undefined,
  next: Id | undefined,
  message = '',
): Transaction {
  return { updates: [{ name, old, new: next }], who: someone, message, packs: [] }
}

export async function allEntries(log: RefLog, newestFirst = true): Promise<LogEntry[]> {
  const found: LogEntry[] = []
  for await (const entry of log.entries({ newestFirst })) found.push(entry)
  return found
}

/** Appends `count` moves of one ref, from wherever it is. */
export async function appendMoves(
  log: RefLog,
  count: number,
  name = 'refs/heads/main',
): Promise<void> {
  let old = (await log.state()).refs.get(name)
  for (let i = 0; i < count; i++) {
    const next = idOf(`${name} ${old} ${i}`)
    await log.append(moveOf(name, old, next, `move ${i}`))
    old = next
  }
}

import type { LogState } from './log-state.ts'
import type { ObjectStore } from './object-store.ts'

/**
 * Packs that are there and that no log entry names yet, the oldest first. A transaction names them
 * all: what it refers to may lie in packs that commands before it wrote (`hash-object -w`), and
 * naming one too many only keeps it until the next collection.
 */
export async function stagedPacks(objects: ObjectStore, state: LogState): Promise<string[]> {
  const names = await objects.packNames()
  return names.filter((name) => !state.packs.has(name)).reverse()
}

import { VarveError } from '../core/errors.ts'
import type { RefUpdate } from './log-entry.ts'
import type { LogState } from './log-state.ts'

/** `refused` where, as in git, `refs/heads/a` and `refs/heads/a/b` would both be there. */
export function checkRefFolders(state: LogState, updates: readonly RefUpdate[]): void {
  const created = updates.filter((update) => update.new !== undefined && update.old === undefined)
  if (created.length === 0) return
  const names = new Set(state.refs.keys())
  for (const { name, new: next } of updates) {
    if (next === undefined) names.delete(name)
    else names.add(name)
  }
  // For each folder a ref that is in it.
  const folders = new Map<string, string>()
  for (const name of names) for (const folder of foldersOf(name)) folders.set(folder, name)
  for (const { name } of created) {
    const other = folders.get(name) ?? foldersOf(name).find((folder) => names.has(folder))
    if (other === undefined) continue
    throw new VarveError('refused', `${name} cannot be beside ${other}`, {
      data: { ref: name, other },
    })
  }
}

/** `refs` and `refs/heads` of `refs/heads/a`. */
function foldersOf(name: string): string[] {
  const parts = name.split('/')
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'))
}

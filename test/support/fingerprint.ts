import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Every file below a folder with a digest of its content, and every folder. */
export function fingerprint(folder: string, skip: readonly string[] = []): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (path: string): void => {
    for (const name of readdirSync(join(folder, path)).sort()) {
      const below = path === '' ? name : `${path}/${name}`
      if (skip.includes(below)) continue
      if (statSync(join(folder, below)).isDirectory()) {
        found.set(below, 'folder')
        walk(below)
      } else {
        const bytes = readFileSync(join(folder, below))
        found.set(below, createHash('sha256').update(bytes).digest('hex'))
      }
    }
  }
  walk('')
  return found
}

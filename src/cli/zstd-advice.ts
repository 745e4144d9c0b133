import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdChoice } from '../zstd/load.ts'
import { userCacheFolder } from './cache-folder.ts'
import type { Context } from './context.ts'

/**
 * Says that what was packed or unpacked could go faster: once, as a file in the user's cache folder
 * remembers, or each time where it cannot be written.
 */
export function adviseOnZstd(context: Context): void {
  const choice = zstdChoice()
  if (choice?.reason === undefined || context.quiet) return
  const folder = userCacheFolder(context.env)
  const said = join(folder, 'slow-zstd-was-said')
  if (existsSync(said)) return
  const { name, reason } = choice
  context.note(`zstd-napi cannot be loaded (${reason}); zstd by ${name} does the same, slower`)
  context.note('this is said once; `varve version --build-options` shows what is used')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    writeFileSync(said, '', { flag: 'wx' })
  } catch {}
}

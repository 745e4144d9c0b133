import { homedir } from 'node:os'
import { join } from 'node:path'

/** `$XDG_CACHE_HOME/varve`, else `~/.cache/varve`: what can be deleted at any time. */
export function userCacheFolder(env: (name: string) => string | undefined): string {
  return join(env('XDG_CACHE_HOME') || join(env('HOME') || homedir(), '.cache'), 'varve')
}

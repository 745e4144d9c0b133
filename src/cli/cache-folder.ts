import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * `$XDG_CACHE_HOME/varve`, else `~/.cache/varve`: what can be deleted at any time. A path that is not
 * absolute is passed over: it would be in the present folder, whoever that is from.
 */
export function userCacheFolder(env: (name: string) => string | undefined): string {
  const home = [env('HOME') ?? '', homedir()].find(isAbsolute) ?? '/'
  const parents = [env('XDG_CACHE_HOME') ?? '', join(home, '.cache')]
  return join(parents.find(isAbsolute)!, 'varve')
}

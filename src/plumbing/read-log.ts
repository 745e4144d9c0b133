import { VarveError } from '../core/errors.ts'
import { type LogReading, readWholeLog } from '../storage/check-log.ts'
import { logName } from '../storage/log-names.ts'
import type { Repository } from './repository.ts'

export type { LogReading } from '../storage/check-log.ts'
export type { LogState } from '../storage/log-state.ts'

/**
 * Reads the ref log whole, and as far as it can be read: all that is wrong with it, and what it says in spite of
 * that. `not-a-repository` where there is none.
 */
export async function readLogLeniently(repo: Repository): Promise<LogReading> {
  const log = await readWholeLog(repo.storage)
  if (log.state.number > 0) return log
  throw new VarveError('not-a-repository', `${repo.storage.location} is not a repository`, {
    data: { path: repo.storage.location },
    hint: '`varve init` makes one',
  })
}

/** The name of the file of an entry of the ref log. */
export function entryFile(number: number): string {
  return logName('log', number)
}

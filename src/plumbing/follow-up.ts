import { hasCode, VarveError } from '../core/errors.ts'

/**
 * Runs what only follows a change that is published: the index follows HEAD by itself, and a file
 * is known by its content, so the next command makes up for what is left undone on a full disk.
 */
export async function followUp(run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!hasCode(error, 'disk-full')) throw error
  }
}

/**
 * Runs what ends a change that is published and what no next command makes up for. `disk-full` says then
 * that the rest was done.
 *
 * @param what it writes, as `the index`
 */
export async function lastPart<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!hasCode(error, 'disk-full')) throw error
    throw new VarveError('disk-full', error.message, {
      data: error.data,
      hint: `all was done but for ${what}: make room; varve status shows what holds`,
      cause: error,
    })
  }
}

import { hasCode } from '../core/errors.ts'

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

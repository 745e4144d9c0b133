import { setTimeout as wait } from 'node:timers/promises'
import { hasCode } from '../core/errors.ts'
import { headState } from '../plumbing/head.ts'
import { readIndex } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'

/** Milliseconds after which it is looked again, and how often where nobody moves. */
const PAUSE = 25
const LOOKS = 8

/**
 * Looks at files of the work tree. Another writer gives a file what it has just committed and notes that in the index a
 * moment later: in between the file seems to be changed by hand. So what is `refused` is looked at again, until nothing
 * has moved for a fifth of a second.
 */
export async function besideWriters<T>(
  repo: Repository,
  series: ReadonlySet<string>,
  look: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let before: string | undefined
  for (let looks = 1; ; looks++) {
    try {
      return await look()
    } catch (error) {
      if (!hasCode(error, 'refused') || looks === LOOKS || signal?.aborted === true) throw error
    }
    before ??= await whatIsKnown(repo, series)
    await wait(PAUSE)
    const now = await whatIsKnown(repo, series)
    if (now !== before) looks = 0
    before = now
  }
}

/** Where HEAD is, and what the index says of the files. */
async function whatIsKnown(repo: Repository, series: ReadonlySet<string>): Promise<string> {
  const { id } = await headState(repo)
  const { files } = (await readIndex(repo)).state
  const known = [...series].map((path) => {
    const file = files.get(path)
    return file && `${file.id} ${file.stamp.mtimeNs} ${file.stamp.inode}`
  })
  return [id, ...known].join('\n')
}

import { readCommit, type Signature } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectReader } from '../core/objects.ts'
import { formatSeconds } from '../core/time.ts'

export interface ClampCommitterOptions {
  readonly committer: Signature
  /**
   * The date was asked for: an older one than a parent's is `refused`. Otherwise it is the clock's,
   * or that of something imported, and is moved up to the latest parent's.
   */
  readonly exactDate?: boolean | undefined
}

/**
 * The committer for a commit with these parents, so that committer dates never run backwards
 * along parents: that is what `--as-of` stands on. The author's date is nobody's business here.
 */
export async function clampCommitter(
  reader: ObjectReader,
  parents: readonly Id[],
  { committer, exactDate = false }: ClampCommitterOptions,
): Promise<Signature> {
  let { seconds } = committer
  for (const parent of parents) {
    const date = (await readCommit(reader, parent)).committer.seconds
    if (date <= seconds) continue
    if (exactDate) {
      const latest = `${formatSeconds(BigInt(date))}Z`
      throw new VarveError('refused', `the commit before it was made later, at ${latest}`, {
        data: { parent, parentDate: latest, date: `${formatSeconds(BigInt(seconds))}Z` },
        hint: 'only the author date may be older: --date, or VARVE_AUTHOR_DATE',
      })
    }
    seconds = date
  }
  return { ...committer, seconds }
}

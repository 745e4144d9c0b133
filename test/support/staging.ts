import type { Scalar } from '../../src/core/column.ts'
import type { Id } from '../../src/core/id.ts'
import { lookupPath } from '../../src/core/tree.ts'
import { newFileOf } from '../../src/plumbing/file-names.ts'
import { readIndex, updateIndexState } from '../../src/plumbing/index-state.ts'
import type { Repository } from '../../src/plumbing/repository.ts'
import { writeSeriesFile } from '../../src/plumbing/series-files.ts'
import { updateIndex } from '../../src/plumbing/update-index.ts'
import { type CommitResult, commit } from '../../src/porcelain/commit.ts'
import { ann } from './repositories.ts'
import { build, schemaOf } from './series.ts'

const schema = schemaOf('t:int64 v:float64')

/** A series of values at 0, 1, 2 …; gaps where there is no value. */
export async function storeValues(
  repo: Repository,
  values: readonly (number | undefined)[],
): Promise<Id> {
  const rows = values.flatMap((value, at): Scalar[][] =>
    value === undefined ? [] : [[BigInt(at), value]],
  )
  const batch = await repo.objects.begin()
  const id = await build(batch, schema, rows)
  await batch.publish()
  return id
}

/** Stages series of values; undefined removes one. Files are not touched. */
export async function stage(
  repo: Repository,
  series: Readonly<Record<string, readonly (number | undefined)[] | undefined>>,
): Promise<Id> {
  const edits = []
  for (const [path, values] of Object.entries(series)) {
    if (values === undefined) edits.push({ kind: '0', path } as const)
    else edits.push({ kind: 'series', path, id: await storeValues(repo, values) } as const)
  }
  return (await updateIndex(repo, { edits })).tree
}

/** Writes the files of staged series and marks them in the index, as `add` does. */
export async function materialise(repo: Repository, ...paths: string[]): Promise<void> {
  const { tree } = (await readIndex(repo)).state
  const files = new Map<string, Awaited<ReturnType<typeof writeSeriesFile>>>()
  for (const path of paths) {
    const entry = await lookupPath(repo.objects, tree, path)
    if (entry === undefined) throw new Error(`no series ${path}`)
    const shown = { file: newFileOf(repo, path), id: entry.id }
    files.set(path, await writeSeriesFile(repo, repo.objects, shown))
  }
  await updateIndexState(repo, (state) => ({
    ...state,
    files: new Map([...state.files, ...files]),
  }))
}

let clock = 1_700_000_000

/** Commits what is staged, a second later than the commit before. */
export async function commitStaged(repo: Repository, message: string): Promise<Id> {
  const result: CommitResult = await commit(repo, { message, committer: ann(clock++) })
  return result.id!
}

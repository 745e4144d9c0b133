import { branchRefName } from '../core/names.ts'
import type { LogSignature } from '../storage/log-entry.ts'
import { writeHeadFile } from './head.ts'
import { assembleRepository, type Repository, type RepositoryParts } from './repository.ts'

export { initRepositoryFolder, makeRepositoryFolder } from '../storage/repository-folder.ts'

export interface InitRepositoryOptions extends RepositoryParts {
  /** Short name of the first branch: `main` unless told. */
  readonly initialBranch?: string
  readonly who: LogSignature
}

export interface InitRepositoryResult {
  readonly repo: Repository
  /** Full name of the branch that HEAD is on. */
  readonly branch: string
  /** False when a repository was there already: nothing is changed then. */
  readonly created: boolean
}

/** Makes an empty repository: a log whose first entry says what HEAD is. */
export async function initRepository(
  options: InitRepositoryOptions,
): Promise<InitRepositoryResult> {
  const branch = branchRefName(options.initialBranch ?? 'main')
  const repo = assembleRepository(options)
  const state = await repo.refs.state()
  if (state.number > 0) return { repo, branch: state.head, created: false }
  await repo.refs.append({
    updates: [],
    head: { new: branch },
    who: options.who,
    message: 'init',
    packs: [],
  })
  await writeHeadFile(repo, { ref: branch })
  return { repo, branch, created: true }
}

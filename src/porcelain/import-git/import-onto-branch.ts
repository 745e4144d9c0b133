import { VarveError } from '../../core/errors.ts'
import type { Id } from '../../core/id.ts'
import { branchRefName } from '../../core/names.ts'
import { isAncestor } from '../../plumbing/common-ancestors.ts'
import type { GitSource } from '../../plumbing/git/run-git.ts'
import { headState } from '../../plumbing/head.ts'
import { hasIndex } from '../../plumbing/index-state.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { shortBranch } from '../branch.ts'
import { moveHead } from '../move-head.ts'
import type { FilesMoved, FilesOptions } from '../show-tree.ts'
import { type ImportedHistory, type ImportGitOptions, importGit } from './import-git.ts'
import { isImportedByAny } from './import-state.ts'

export interface ImportOntoBranchOptions extends ImportGitOptions, Omit<FilesOptions, 'signal'> {
  /** The branch that gets the commits, made where it is not there; HEAD's unless given. */
  readonly branch?: string | undefined
}

export interface ImportOntoBranchResult extends ImportedHistory {
  /** Full name of the branch. */
  readonly branch: string
  /** Where it was; absent where it was not there. */
  readonly old?: Id
  readonly files: FilesMoved
}

/**
 * Imports a git repository's history (see `importGit`) and moves a branch on to what its revision became;
 * where HEAD is on it, index and files go along.
 *
 * `refused`, before anything is read, where the branch has commits that were not imported so.
 */
export async function importOntoBranch(
  repo: Repository,
  source: GitSource,
  options: ImportOntoBranchOptions,
): Promise<ImportOntoBranchResult> {
  const head = await headState(repo)
  const name = options.branch === undefined ? head.ref : branchRefName(options.branch)
  if (name === undefined) {
    throw new VarveError('refused', 'HEAD is detached: no branch would get what is imported', {
      hint: '--branch NAME makes one',
    })
  }
  const tipOf = async () => (await repo.refs.state()).refs.get(name)
  const old = await tipOf()
  const imported = await importGit(repo, source, {
    ...options,
    checkKnown: async (isImported) => {
      if (old === undefined || isImported(old)) return
      throw (await isImportedByAny(repo, old)) ? importedOtherwise(name) : hasItsOwn(name)
    },
  })
  const { tip } = imported
  const result = { ...imported, branch: name, ...(old !== undefined && { old }) }
  if (old === tip) return { ...result, files: NO_FILES }
  const { shallow } = await repo.refs.state()
  if (old !== undefined && !(await isAncestor(repo.objects, old, tip, shallow))) {
    throw hasItsOwn(name)
  }
  const updates = [{ name, old, new: tip }]
  const { who } = options
  const message = `import git: ${imported.git.slice(0, 12)}`
  if (name === head.ref && hasIndex(repo)) {
    const { files } = await moveHead(repo, {
      to: { ref: name },
      commit: tip,
      updates,
      who,
      message,
      filesLimit: options.filesLimit,
      onFile: options.onFile,
      signal: options.signal,
    })
    return { ...result, files }
  }
  await repo.refs.append({ updates, who, message, packs: [] })
  return { ...result, files: NO_FILES }
}

const NO_FILES: FilesMoved = { written: [], removed: [] }

function importedOtherwise(branch: string): VarveError {
  const short = shortBranch(branch)
  return new VarveError(
    'refused',
    `${short} was imported with other options: it cannot just be moved on`,
    {
      data: { branch },
      hint:
        '--path, --into, --first-parent, --index and what says how tables are read must be as they were; ' +
        'with other ones --branch NAME imports to a branch of its own',
    },
  )
}

function hasItsOwn(branch: string): VarveError {
  const short = shortBranch(branch)
  return new VarveError(
    'refused',
    `${short} has commits that are not of this import: it cannot just be moved on`,
    {
      data: { branch },
      hint: '--branch NAME imports to a branch of its own, which can be merged',
    },
  )
}

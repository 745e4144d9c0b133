import { VarveError } from '../core/errors.ts'
import type { Signature } from '../core/signature.ts'
import { headState } from '../plumbing/head.ts'
import { carryPending, hasIndex, readIndex, treeOf } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { RewrittenHistory } from '../plumbing/rewrite-history.ts'
import { applyShow, type FilesMoved, planShow } from './show-tree.ts'

const NO_FILES: FilesMoved = { written: [], removed: [] }

export interface MoveRewrittenOptions {
  readonly who: Signature
  /** The number of the entry of the log in which history was read. */
  readonly after: number
  /** Packs with what was made again. */
  readonly packs: readonly string[]
  /** Of the entry in the ref log. */
  readonly message: string
  readonly signal?: AbortSignal | undefined
  /** Called once refs have moved. */
  readonly onMoved?: () => void
}

/**
 * Moves all refs to a history that was made again, in one transaction, and makes the index and the files what the
 * branch holds then. `conflict` where the log has grown.
 */
export async function moveRewritten(
  repo: Repository,
  { updates, shallow }: RewrittenHistory,
  options: MoveRewrittenOptions,
): Promise<FilesMoved> {
  const { who, after, packs, message, signal, onMoved } = options
  const entry = {
    updates,
    who,
    message,
    packs,
    ...(shallow.added.length > 0 && { shallow }),
  }
  const publish = async () => {
    const published = await repo.refs.append(entry, { after })
    onMoved?.()
    return published
  }
  const head = await headState(repo)
  const update = updates.find(({ name }) => name === head.ref)
  if (!hasIndex(repo) || update?.new === undefined) {
    await publish()
    return NO_FILES
  }
  const { state } = await readIndex(repo)
  const tree = await treeOf(repo.objects, update.new)
  const plan = await planShow(repo, state.files, tree, { filesLimit: 0, signal })
  return applyShow(repo, state.files, plan, {
    signal,
    publish,
    content: { tree, base: update.new, packs: [] },
  })
}

/**
 * `refused` where HEAD is at no branch, or series are staged: what moves all branches would lose them.
 *
 * @param verb the command, for messages
 * @returns the series that have files
 */
export async function refuseUnsettled(repo: Repository, verb: string): Promise<string[]> {
  const head = await headState(repo)
  if (head.detached) {
    throw new VarveError('refused', `${verb} moves branches, and HEAD is at none`, {
      hint: 'varve switch BRANCH first',
    })
  }
  if (!hasIndex(repo)) return []
  const { state } = await readIndex(repo)
  const before = await treeOf(repo.objects, head.id)
  const [first] = (await carryPending(repo.objects, before, state.tree, before)).edits.keys()
  if (first === undefined) return [...state.files.keys()]
  throw new VarveError('refused', `staged and not committed: ${first}`, {
    data: { series: first },
    hint: `varve commit keeps what is staged; varve restore --staged ${first} drops it`,
  })
}

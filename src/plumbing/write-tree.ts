import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { readIndex } from './index-state.ts'
import type { Repository } from './repository.ts'
import { resolvePath } from './resolve-object-name.ts'

export interface WriteTreeOptions {
  /** Only the tree of this collection. */
  readonly prefix?: string | undefined
}

/** The id of the tree that the index holds, which is stored already. */
export async function writeTree(
  repo: Repository,
  { prefix = '' }: WriteTreeOptions = {},
): Promise<{ id: Id }> {
  const { state } = await readIndex(repo)
  const found = await resolvePath(repo, state.tree, prefix, 'the index')
  if (found.kind !== 'tree') {
    throw new VarveError('bad-input', `${prefix} is a series, not a collection`, {
      data: { path: prefix, kind: found.kind },
    })
  }
  if (found.id === EMPTY_TREE) await storeEmptyTree(repo)
  return { id: found.id }
}

/** The empty tree is known without being stored; whoever asks for it by id is to find it. */
async function storeEmptyTree(repo: Repository): Promise<void> {
  const batch = await repo.objects.begin()
  try {
    await batch.put('tree', new Uint8Array([0, 0]))
    await batch.publish()
  } finally {
    await batch.discard()
  }
}

import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import {
  endsNode,
  isLeaf,
  type Keyed,
  MAX_NODE_ENTRIES,
  type ProllyFormat,
  type ProllyNode,
  readChild,
} from './prolly-node.ts'

/**
 * Checks that a decoded node ends where the rules end it and not earlier: with that, the same
 * entries cannot stand in two different trees. `corrupt-object` when it does not.
 *
 * @param isLast whether it is the last of its level, as a root is: that one ends where it ends
 */
export function checkNode(
  node: { readonly level: number; readonly entries: readonly Keyed[] },
  isLast: boolean,
): void {
  const { level, entries } = node
  const end = entries.length - 1
  for (let i = 0; i < end; i++) {
    if (endsNode(level, entries[i]!.key)) {
      throw new VarveError('corrupt-object', 'a tree node goes on after an entry that ends it')
    }
  }
  const ends =
    entries.length === MAX_NODE_ENTRIES || (end >= 0 && endsNode(level, entries[end]!.key))
  if (!isLast && !ends) {
    throw new VarveError('corrupt-object', 'a tree node ends after an entry that does not end it')
  }
}

/**
 * Reads and checks every node of a tree, as {@link checkNode} does.
 *
 * @param checked ids of nodes that are known to be right, also in other trees; those found so are
 *   added
 */
export async function checkTree<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  checked: Set<Id> = new Set(),
  isLast = true,
): Promise<void> {
  checkNode(root, isLast)
  if (isLeaf(root)) return
  const end = root.entries.length - 1
  for (const [i, entry] of root.entries.entries()) {
    const childIsLast = isLast && i === end
    if (checked.has(entry.child)) continue
    const child = await readChild(reader, format, root.level, entry)
    await checkTree(reader, format, child, checked, childIsLast)
    // The last of a level may end anywhere, so it could be wrong elsewhere.
    if (!childIsLast) checked.add(entry.child)
  }
}

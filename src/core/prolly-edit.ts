import { compareBytes, equalBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import { Chunker, makeNode, TreeBuilder } from './prolly-build.ts'
import { LevelCursor, OldNodes } from './prolly-level.ts'
import {
  EMPTY_NODE,
  type Keyed,
  nodeBytes,
  type ProllyChild,
  type ProllyEntry,
  type ProllyFormat,
  type ProllyNode,
  putNode,
  readChild,
} from './prolly-node.ts'

/** Puts an entry where its key belongs, in place of one with the same key; or removes that. */
export interface ProllyEdit<E> {
  readonly key: Uint8Array
  /** The entry to stand at `key`; undefined removes what stands there, if anything does. */
  readonly entry: ProllyEntry<E> | undefined
}

interface LevelEdit {
  readonly key: Uint8Array
  readonly entry: Keyed | undefined
}

/** What one level has become. */
interface Rewritten {
  /** The nodes that the pass made, as entries of the level above. */
  readonly made: ProllyChild[]
  /** The old nodes in whose place they stand. */
  readonly replaced: ProllyChild[]
  /** The entries of the level's only node, or none, when no more is left: it is the root. */
  readonly only: readonly Keyed[] | undefined
}

async function rewriteLevel<E>(
  writer: ObjectWriter,
  format: ProllyFormat<E>,
  level: number,
  old: LevelCursor<E>,
  edits: readonly LevelEdit[],
): Promise<Rewritten> {
  const chunker = new Chunker(level)
  const made: ProllyChild[] = []
  const replaced: ProllyChild[] = []
  // A level's only node is not stored here: it is the root, which may be embedded.
  let held: Keyed[] | undefined
  const put = async (entries: Keyed[]) => {
    const { key } = entries[0]!
    const earlier = replaced.findLast((node) => compareBytes(node.key, key) <= 0) ?? replaced[0]
    made.push(await putNode(writer, format, makeNode<E>(level, entries), earlier?.child))
  }
  const release = async () => {
    const first = held
    held = undefined
    if (first !== undefined) await put(first)
  }
  let untouched = false
  const emit = async (entries: Keyed[]) => {
    if (!untouched && made.length === 0 && held === undefined) {
      held = entries
      return
    }
    await release()
    await put(entries)
  }
  const add = async (entry: Keyed) => {
    const full = chunker.add(entry)
    if (full !== undefined) await emit(full)
  }

  let next = 0
  await old.seek(edits[0]!.key)
  if (!old.isFirst) untouched = true
  for (;;) {
    const end = old.nextKey
    const inside = (edit: LevelEdit | undefined): edit is LevelEdit =>
      edit !== undefined && (end === undefined || compareBytes(edit.key, end) < 0)
    const node = await old.node()
    if (old.entry !== undefined) replaced.push(old.entry)
    for (const entry of node.entries) {
      let stands = true
      for (let edit = edits[next]; inside(edit); edit = edits[next]) {
        const order = compareBytes(edit.key, entry.key)
        if (order > 0) break
        if (order === 0) stands = false
        next++
        if (edit.entry !== undefined) await add(edit.entry)
      }
      if (stands) await add(entry)
    }
    for (let edit = edits[next]; inside(edit); edit = edits[next]) {
      next++
      if (edit.entry !== undefined) await add(edit.entry)
    }
    if (end === undefined) break
    await old.advance()
    if (!chunker.atBoundary) continue
    // In step with the old nodes again, so all up to the next edit stand as they are.
    const following = edits[next]
    if (following === undefined) {
      untouched = true
      break
    }
    if (old.nextKey !== undefined && compareBytes(following.key, old.nextKey) >= 0) {
      untouched = true
      await old.seek(following.key)
    }
  }
  const rest = chunker.flush()
  if (rest !== undefined) await emit(rest)
  if (!untouched && made.length === 0) return { made, replaced, only: held ?? [] }
  await release()
  return { made, replaced, only: undefined }
}

/** The edits of the level above that put `made` in the place of `replaced`; both are sorted. */
function editsAbove({ made, replaced }: Rewritten): LevelEdit[] {
  const edits: LevelEdit[] = []
  let m = 0
  for (const old of replaced) {
    while (m < made.length && compareBytes(made[m]!.key, old.key) < 0) {
      edits.push({ key: made[m]!.key, entry: made[m]! })
      m++
    }
    const same = made[m]
    if (same !== undefined && equalBytes(same.key, old.key)) {
      m++
      if (same.child !== old.child) edits.push({ key: same.key, entry: same })
    } else {
      edits.push({ key: old.key, entry: undefined })
    }
  }
  for (; m < made.length; m++) edits.push({ key: made[m]!.key, entry: made[m]! })
  return edits
}

/** The lowest level with one node: below a root with one entry stands another. */
async function lowestRoot<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
): Promise<ProllyNode<E>> {
  let node = root
  while (node.level > 0 && node.entries.length === 1) {
    node = await readChild(reader, format, node.level, node.entries[0] as ProllyChild)
  }
  return node
}

function checkEdits<E>(edits: readonly ProllyEdit<E>[]): void {
  let previous: Uint8Array | undefined
  for (const { key, entry } of edits) {
    if (
      (previous !== undefined && compareBytes(previous, key) >= 0) ||
      (entry !== undefined && !equalBytes(entry.key, key))
    ) {
      throw new VarveError('bad-input', 'the edits of a tree are not sorted, or name a key twice')
    }
    previous = key
  }
}

/**
 * Applies edits, sorted by key, to the tree under `root`; returns the new root, which is not
 * stored (the very same `root` when nothing changes). The tree is the one that building from
 * scratch would make. Level by level, only the nodes that an edit falls into are read, and those
 * that follow until the new nodes end where an old one did; what is stored are the nodes made.
 */
export async function applyEdits<E>(
  writer: ObjectWriter,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  edits: readonly ProllyEdit<E>[],
): Promise<ProllyNode<E>> {
  checkEdits(edits)
  const nodes = new OldNodes(writer, format)
  let pending: readonly LevelEdit[] = edits
  for (let level = 0; pending.length > 0; level++) {
    const old = new LevelCursor(nodes, root, level)
    const rewritten = await rewriteLevel(writer, format, level, old, pending)
    const { only, made } = rewritten
    if (only !== undefined) {
      if (only.length === 0) return EMPTY_NODE
      const made = makeNode<E>(level, only)
      if (level === root.level && equalBytes(nodeBytes(format, made), nodeBytes(format, root))) {
        return root
      }
      return lowestRoot(writer, format, made)
    }
    if (level === root.level) {
      const above = new TreeBuilder(writer, format, level + 1)
      for (const child of made) await above.add(child)
      return above.finish()
    }
    pending = editsAbove(rewritten)
    nodes.forget(level)
  }
  return root
}

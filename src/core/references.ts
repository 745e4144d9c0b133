import { decodeCommit } from './commit.ts'
import type { Id, ObjectKind } from './id.ts'
import type { ObjectReader } from './objects.ts'
import type { ProllyEntry, ProllyFormat, ProllyNode } from './prolly.ts'
import { isLeaf, readChild } from './prolly-node.ts'
import { decodeSeries, formatOf } from './series.ts'
import { walkColumns } from './series-columns.ts'
import { decodeTag } from './tag.ts'
import { nameFormat, readTreeRoot } from './tree-format.ts'

/** One object named by another. */
export interface Reference {
  readonly kind: ObjectKind
  readonly id: Id
}

/**
 * Whether a walk goes on into an object. Asked once for each time it is named; answering false
 * leaves out all that is reachable only through it.
 */
export type Enters = (reference: Reference) => Promise<boolean>

/**
 * Goes through all that is reachable from `start`, itself included, naming each object to
 * `enters` before it is read. Column values, blobs and settings name nothing, and are never read.
 * An object that is named twice is entered twice unless `enters` remembers it.
 *
 * Errors: `object-not-found` and `corrupt-object` for what cannot be read.
 */
export async function walkReferences(
  reader: ObjectReader,
  start: Reference,
  enters: Enters,
): Promise<void> {
  const pending: Reference[] = [start]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (!(await enters(at))) continue
    pending.push(...(await insideOf(reader, at, enters)).reverse())
  }
}

/** What an object names and is not its own inner node; inner nodes are gone through here. */
async function insideOf(
  reader: ObjectReader,
  { kind, id }: Reference,
  enters: Enters,
): Promise<Reference[]> {
  const found: Reference[] = []
  switch (kind) {
    case 'commit': {
      const { tree, parents } = decodeCommit(await reader.read(id, kind))
      found.push({ kind: 'tree', id: tree })
      for (const parent of parents) found.push({ kind: 'commit', id: parent })
      break
    }
    case 'tag': {
      const tag = decodeTag(await reader.read(id, kind))
      found.push({ kind: tag.kind, id: tag.object })
      break
    }
    case 'tree': {
      const root = await readTreeRoot(reader, id)
      await walkNodes(reader, nameFormat, root, enters, async ({ value }) => {
        found.push({ kind: value.kind, id: value.id })
        if (value.settings !== undefined) found.push({ kind: 'settings', id: value.settings })
      })
      break
    }
    case 'series': {
      const { schema, root } = decodeSeries(await reader.read(id, kind))
      await walkNodes(reader, formatOf(schema), root, enters, async ({ value, weight }) => {
        const columns = walkColumns(reader, value, schema.columns.length, weight, () => false)
        for await (const reference of columns) await enters(reference)
      })
      break
    }
  }
  return found
}

async function walkNodes<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  root: ProllyNode<E>,
  enters: Enters,
  onEntry: (entry: ProllyEntry<E>) => Promise<void>,
): Promise<void> {
  const pending = [root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (isLeaf(node)) {
      for (const entry of node.entries) await onEntry(entry)
      continue
    }
    const children: ProllyNode<E>[] = []
    for (const entry of node.entries) {
      if (!(await enters({ kind: format.kind, id: entry.child }))) continue
      children.push(await readChild(reader, format, node.level, entry))
    }
    pending.push(...children.reverse())
  }
}

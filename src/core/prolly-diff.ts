import { ByteWriter, compareBytes, equalBytes } from './bytes.ts'
import type { ObjectReader } from './objects.ts'
import {
  isLeaf,
  type ProllyChild,
  type ProllyEntry,
  type ProllyFormat,
  type ProllyNode,
  readChild,
} from './prolly-node.ts'

/** What stands at a key in the one tree and in the other; one of them at least, and they differ. */
export interface ProllyChange<E> {
  readonly key: Uint8Array
  readonly old: ProllyEntry<E> | undefined
  readonly new: ProllyEntry<E> | undefined
}

/** One of the two trees: what is left of it, as nodes not yet opened and entries. */
class Side<E> {
  readonly #reader: ObjectReader
  readonly #format: ProllyFormat<E>
  readonly #stack: { readonly node: ProllyNode<E>; index: number }[]

  constructor(reader: ObjectReader, format: ProllyFormat<E>, root: ProllyNode<E>) {
    this.#reader = reader
    this.#format = format
    this.#stack = [{ node: root, index: 0 }]
  }

  /** The first of what is left, and the level of the node that it stands in. */
  peek(): { level: number; entry: ProllyChild | ProllyEntry<E> } | undefined {
    for (let top = this.#stack.length - 1; top >= 0; top--) {
      const { node, index } = this.#stack[top]!
      const entry = node.entries[index]
      if (entry !== undefined) return { level: node.level, entry }
      this.#stack.pop()
    }
    return undefined
  }

  skip(): void {
    this.#stack[this.#stack.length - 1]!.index++
  }

  /** Puts the entries of the child at the head in its place. */
  async open(): Promise<void> {
    const frame = this.#stack[this.#stack.length - 1]!
    const child = frame.node.entries[frame.index++] as ProllyChild
    const node = await readChild(this.#reader, this.#format, frame.node.level, child)
    this.#stack.push({ node, index: 0 })
  }

  /** The entry at the head; undefined after opening it, when it was a child. */
  async take(): Promise<ProllyEntry<E> | undefined> {
    const { node, index } = this.#stack[this.#stack.length - 1]!
    if (!isLeaf(node)) {
      await this.open()
      return undefined
    }
    this.skip()
    return node.entries[index]
  }
}

/**
 * The entries that differ between two trees, in key order, opening only nodes that are in one of
 * them alone. Entries are matched by first key.
 */
export async function* diffEntries<E>(
  reader: ObjectReader,
  format: ProllyFormat<E>,
  oldRoot: ProllyNode<E>,
  newRoot: ProllyNode<E>,
): AsyncGenerator<ProllyChange<E>> {
  const a = new Side(reader, format, oldRoot)
  const b = new Side(reader, format, newRoot)
  for (;;) {
    const x = a.peek()
    const y = b.peek()
    if (x === undefined && y === undefined) return
    if (y === undefined || (x !== undefined && precedes(x, y))) {
      const old = await a.take()
      if (old !== undefined) yield { key: old.key, old, new: undefined }
    } else if (x === undefined || precedes(y, x)) {
      const added = await b.take()
      if (added !== undefined) yield { key: added.key, old: undefined, new: added }
    } else if (x.level > y.level) {
      await a.open()
    } else if (y.level > x.level) {
      await b.open()
    } else if (x.level > 0) {
      if ((x.entry as ProllyChild).child === (y.entry as ProllyChild).child) {
        a.skip()
        b.skip()
      } else {
        await a.open()
        await b.open()
      }
    } else {
      a.skip()
      b.skip()
      const old = x.entry as ProllyEntry<E>
      const added = y.entry as ProllyEntry<E>
      if (!sameEntry(format, old, added)) yield { key: old.key, old, new: added }
    }
  }
}

type Head<E> = { level: number; entry: ProllyChild | ProllyEntry<E> }

/** Whether all of `x` comes before all of `y`; between two entries, which has the lesser key. */
function precedes<E>(x: Head<E>, y: Head<E>): boolean {
  const end = x.level === 0 && y.level === 0 ? x.entry.key : x.entry.last
  return compareBytes(end, y.entry.key) < 0
}

function sameEntry<E>(format: ProllyFormat<E>, a: ProllyEntry<E>, b: ProllyEntry<E>): boolean {
  const x = new ByteWriter()
  format.encodeEntry(x, a)
  const y = new ByteWriter()
  format.encodeEntry(y, b)
  return equalBytes(x.finish(), y.finish())
}

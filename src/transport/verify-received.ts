import { equalBytes, textToBytes } from '../core/bytes.ts'
import { type Commit, decodeCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { isSeriesName } from '../core/names.ts'
import { checkNode, findEntry, type ProllyNode } from '../core/prolly.ts'
import { isLeaf, type ProllyChild, readChild } from '../core/prolly-node.ts'
import { SeriesVerifier } from '../core/series-verify.ts'
import { readSettings } from '../core/settings.ts'
import { decodeTag } from '../core/tag.ts'
import { EMPTY_TREE, nameFormat, readTreeRoot, type TreeEntry } from '../core/tree.ts'
import { badPeer } from './frames.ts'
import type { ObjectReceiver } from './receive-objects.ts'

/** What was received, and what counts here already. */
export type ReceivedObjects = Pick<ObjectReceiver, 'read' | 'readAny' | 'hasReceived' | 'factsOf'>

export interface VerifyOptions {
  /** What refs are going to lead to. */
  readonly tips: readonly Id[]
  /** Commits whose parents need not be here. */
  readonly shallow: ReadonlySet<Id>
  /** Seconds since 1970. */
  readonly now: number
  readonly onObjects?: ((count: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** How far a clock may be ahead of this one. */
const AHEAD_SECONDS = 86_400

/**
 * Looks through all that tips lead to and that was received: that it is whole, that each object is what is said of it where
 * it is named, in the one form that it can have, and that dates follow each other and do not lie ahead. What counts here
 * already was looked through when it came. `bad-peer` for the first thing that is wrong.
 */
export async function verifyReceived(
  receiver: ReceivedObjects,
  options: VerifyOptions,
): Promise<void> {
  const check = new Check(receiver, options)
  try {
    for (const tip of options.tips) await check.tip(tip)
  } catch (error) {
    throw asPeers(error)
  }
}

/** What is wrong with what came is the other side's doing. */
function asPeers(error: unknown): unknown {
  if (!(error instanceof VarveError)) return error
  const isTheirs = ['corrupt-object', 'object-not-found', 'unsupported-format', 'bad-input']
  if (!isTheirs.includes(error.code)) return error
  return new VarveError('bad-peer', `what the other side sent is not right: ${error.message}`, {
    data: error.data,
    hint: 'nothing was changed; varve fsck there says what is damaged',
    cause: error,
  })
}

class Check {
  readonly #receiver: ReceivedObjects
  readonly #options: VerifyOptions
  readonly #verifier: SeriesVerifier
  /** What was looked at, or counts, with what it is. */
  readonly #known = new Map<Id, ObjectKind>()
  readonly #trusted = new Set<Id>()
  /** Nodes of trees of names that are right wherever they are not the last and this is said of them. */
  readonly #nodes = new Map<Id, Named>()
  #count = 0

  constructor(receiver: ReceivedObjects, options: VerifyOptions) {
    this.#receiver = receiver
    this.#options = options
    this.#verifier = new SeriesVerifier(receiver, {
      onObject: () => this.#met(),
      factsOf: (id) => receiver.factsOf(id),
    })
  }

  async tip(id: Id): Promise<void> {
    const kind = await this.#kindOf(id)
    await this.#object({ id, kind })
  }

  #met(): void {
    this.#count++
    if ((this.#count & 0x3f) === 0) this.#options.onObjects?.(this.#count)
    if (this.#options.signal?.aborted) throw new VarveError('interrupted', 'interrupted')
  }

  async #kindOf(id: Id): Promise<ObjectKind> {
    return id === EMPTY_TREE ? 'tree' : (await this.#receiver.readAny(id)).kind
  }

  /** Whether it needs no looking into; throws where it is known to be something else. */
  async #isSettled(id: Id, kind: ObjectKind): Promise<boolean> {
    const known = this.#known.get(id)
    if (known !== undefined) {
      if (known !== kind) throw wrongKind(id, known, kind)
      return true
    }
    if (id === EMPTY_TREE && kind === 'tree') return true
    if (!(await this.#receiver.hasReceived(id))) {
      // Throws where it does not count either.
      const found = await this.#kindOf(id)
      if (found !== kind) throw wrongKind(id, found, kind)
      this.#known.set(id, kind)
      return true
    }
    this.#known.set(id, kind)
    this.#met()
    return false
  }

  /** Anything that a ref or a tag can name. */
  async #object(named: { readonly id: Id; readonly kind: ObjectKind }): Promise<void> {
    let { id, kind } = named
    for (;;) {
      if (kind === 'commit') return this.#commits(id)
      if (await this.#isSettled(id, kind)) return
      if (kind === 'tree') return this.#trees(id, [])
      if (kind === 'series') return this.#series(id)
      if (kind !== 'tag') {
        await this.#receiver.read(id, kind)
        return
      }
      const tag = decodeTag(await this.#receiver.read(id, 'tag'))
      id = tag.object
      kind = tag.kind
    }
  }

  async #commits(first: Id): Promise<void> {
    const found: { id: Id; commit: Commit }[] = []
    const pending = [first]
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (await this.#isSettled(id, 'commit')) continue
      const commit = decodeCommit(await this.#receiver.read(id, 'commit'))
      found.push({ id, commit })
      if (!this.#options.shallow.has(id)) pending.push(...commit.parents)
    }
    for (const { id, commit } of found.reverse()) await this.#commit(id, commit)
  }

  async #commit(id: Id, { tree, parents, committer }: Commit): Promise<void> {
    const { now, shallow } = this.#options
    if (committer.seconds > now + AHEAD_SECONDS) {
      throw badPeer(`commit ${id} is dated more than a day ahead of the clock here`, {
        id,
        seconds: committer.seconds,
        now,
      })
    }
    const olds: Id[] = []
    for (const parent of shallow.has(id) ? [] : parents) {
      const before = decodeCommit(await this.#receiver.read(parent, 'commit'))
      if (before.committer.seconds > committer.seconds) {
        throw badPeer(`commit ${id} is dated before its parent ${parent}`, { id, parent })
      }
      olds.push(before.tree)
    }
    if (!(await this.#isSettled(tree, 'tree'))) await this.#trees(tree, olds)
  }

  /** A collection and those inside of it. */
  async #trees(first: Id, olds: readonly Id[]): Promise<void> {
    const pending = [{ id: first, olds }]
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const before: ProllyNode<TreeEntry>[] = []
      for (const old of at.olds) before.push(await readTreeRoot(this.#receiver, old))
      const root = await readTreeRoot(this.#receiver, at.id)
      for await (const entry of this.#names(root, true)) {
        const { name, id, kind, settings } = entry
        if (!isSeriesName(name)) {
          throw badPeer(`${JSON.stringify(name)} is not a name for a series`, { id: at.id })
        }
        if (settings !== undefined && !(await this.#isSettled(settings, 'settings'))) {
          await readSettings(this.#receiver, settings)
        }
        if (await this.#isSettled(id, kind)) continue
        const others = await this.#earlier(before, entry)
        if (kind === 'tree') {
          pending.push({ id, olds: others })
          continue
        }
        for (const other of others) await this.#trust(other)
        await this.#series(id)
      }
    }
  }

  /** What stood under the name of an entry, of the same kind. */
  async #earlier(
    roots: readonly ProllyNode<TreeEntry>[],
    { name, kind }: TreeEntry,
  ): Promise<Id[]> {
    const found: Id[] = []
    for (const root of roots) {
      const entry = await findEntry(this.#receiver, nameFormat, root, textToBytes(name))
      if (entry?.value.kind === kind) found.push(entry.value.id)
    }
    return found
  }

  async #trust(series: Id): Promise<void> {
    if (this.#trusted.has(series)) return
    this.#trusted.add(series)
    if (!(await this.#receiver.hasReceived(series))) await this.#verifier.trust(series)
  }

  async #series(id: Id): Promise<void> {
    for await (const { error } of this.#verifier.verify(id)) {
      throw new VarveError(error.code, `series ${id}: ${error.message}`, {
        data: { series: id, ...error.data },
        cause: error,
      })
    }
  }

  /** The entries of nodes that were received, every node checked for where it ends. */
  async *#names(node: ProllyNode<TreeEntry>, isLast: boolean): AsyncGenerator<TreeEntry> {
    checkNode(node, isLast)
    if (isLeaf(node)) {
      for (const { value } of node.entries) yield value
      return
    }
    const end = node.entries.length - 1
    for (const [i, entry] of node.entries.entries()) {
      const childIsLast = isLast && i === end
      const named = { level: node.level, entry }
      if (saysTheSame(this.#nodes.get(entry.child), named)) continue
      const child = await readChild(this.#receiver, nameFormat, node.level, entry)
      if (await this.#receiver.hasReceived(entry.child)) {
        this.#met()
        yield* this.#names(child, childIsLast)
      } else if (!childIsLast) {
        // It may have been the last of its level, and ended anywhere, where it counts.
        await this.#checkEnd(child)
      }
      if (!childIsLast) this.#nodes.set(entry.child, named)
    }
  }

  async #checkEnd(first: ProllyNode<TreeEntry>): Promise<void> {
    for (let node = first; ; ) {
      checkNode(node, false)
      if (isLeaf(node)) return
      node = await readChild(this.#receiver, nameFormat, node.level, node.entries.at(-1)!)
    }
  }
}

/** What a node of a level says of one below it. */
interface Named {
  readonly level: number
  readonly entry: ProllyChild
}

function saysTheSame(known: Named | undefined, { level, entry }: Named): boolean {
  return (
    known?.level === level &&
    known.entry.weight === entry.weight &&
    equalBytes(known.entry.key, entry.key) &&
    equalBytes(known.entry.last, entry.last)
  )
}

function wrongKind(id: Id, found: ObjectKind, expected: ObjectKind): VarveError {
  return new VarveError('corrupt-object', `object ${id} is a ${found}, not a ${expected}`, {
    data: { id, kind: found, expected },
  })
}

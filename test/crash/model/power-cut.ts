import { createHash } from 'node:crypto'
import { seededRandom } from '../../support/seeded-random.ts'
import {
  type DiskNode,
  diskOf,
  type ModelDisk,
  type Operation,
  type Recording,
  ROOT_INO,
  written,
} from './disk.ts'

// What a power cut may leave of a disk. A name counts for sure once its folder was flushed after it
// was made or removed, bytes once their file was. Of everything else any part may be there and any
// part not: names by themselves, so that a file may have its name and not its bytes; writes by
// themselves, in any order, whole, cut short, or as zeros. That is more than any file system with a
// journal does, and what POSIX allows.

/** What is at a path. */
interface Found {
  readonly ino: number
  /** Absent for a folder. */
  readonly bytes?: Uint8Array
}

/** A hash of all that is there, and of all that is not scratch; the order of paths is no part of it. */
type Hash = readonly [number, number, number, number]

/** The names of a disk after a power cut, and what they lead to if all bytes are there. */
interface Shape {
  /** By path from the root of the disk, `/…`. */
  readonly found: ReadonlyMap<string, Found>
  readonly nodes: readonly DiskNode[]
  readonly hash: Hash
  /** The paths of a file. */
  pathsOf(ino: number): readonly string[]
}

/** One state of a disk after a power cut. */
export class CutState {
  /** Operations that were asked for before the cut. */
  readonly at: number
  readonly #shape: Shape
  /** Files of which not all is there. */
  readonly #torn: ReadonlyMap<number, Uint8Array>
  readonly #hash: Hash

  constructor(at: number, shape: Shape, torn: ReadonlyMap<number, Uint8Array>, hash: Hash) {
    this.at = at
    this.#shape = shape
    this.#torn = torn
    this.#hash = hash
  }

  /** The same for the same bytes under the same names. */
  get key(): string {
    return `${this.#hash[0]},${this.#hash[1]}`
  }

  /** The same where all is the same but what is scratch. */
  get visibleKey(): string {
    return `${this.#hash[2]},${this.#hash[3]}`
  }

  disk(): ModelDisk {
    return diskOf(
      this.#shape.nodes.map((node) => {
        const torn = this.#torn.get(node.ino)
        return torn === undefined ? node : { kind: 'file', ino: node.ino, bytes: torn }
      }),
    )
  }

  /** The answer to a question of a process: two states that give the same ones are the same to it. */
  answer(kind: 'kind' | 'list' | 'content', path: string): string {
    const found = this.#shape.found.get(path)
    if (found === undefined) return '-'
    if (found.bytes !== undefined) {
      if (kind !== 'content') return 'file'
      return `${found.ino} ${contentId(this.#torn.get(found.ino) ?? found.bytes)}`
    }
    if (kind !== 'list') return 'folder'
    const names: string[] = []
    for (const [below, { bytes }] of this.#shape.found) {
      if (!below.startsWith(`${path}/`) || below.indexOf('/', path.length + 1) !== -1) continue
      names.push(bytes === undefined ? `${below}/` : below)
    }
    return names.sort().join('\n')
  }
}

const marks = new Map<string, readonly [number, number]>()
const randomMark = seededRandom(1)
/** 64 bits that stand for these bytes under this path. */
function markOf(path: string, bytes: Uint8Array | undefined): readonly [number, number] {
  const what = bytes === undefined ? path : `${path}\n${contentId(bytes)}`
  let mark = marks.get(what)
  if (mark === undefined) {
    mark = [(randomMark() * 2 ** 32) | 0, (randomMark() * 2 ** 32) | 0]
    marks.set(what, mark)
  }
  return mark
}

const contentIds = new WeakMap<Uint8Array, string>()
function contentId(bytes: Uint8Array): string {
  let id = contentIds.get(bytes)
  if (id === undefined) {
    id = createHash('sha1').update(bytes).digest('base64')
    contentIds.set(bytes, id)
  }
  return id
}

interface PendingName {
  readonly folder: number
  readonly name: string
  readonly to: number | undefined
}

interface PendingWrite {
  readonly at: number
  readonly bytes: Uint8Array
}

export interface CutOptions {
  readonly seed: number
  /** Sets of names tried at each moment at most, all where there are fewer: what commands look at. */
  readonly names: number
  /** States at each moment at most. */
  readonly states: number
  /** Whether nobody reads what is under a path but to clean up. */
  readonly isScratch: (path: string) => boolean
}

/** The states that a power cut at any moment of a recording may leave. Few come more than once. */
export function* powerCuts(recording: Recording, options: CutOptions): Generator<CutState> {
  const disk = new DurableDisk(recording, options)
  yield* disk.states(0)
  for (const [i, operation] of recording.operations.entries()) {
    disk.apply(operation)
    yield* disk.states(i + 1, operation)
  }
}

class DurableDisk {
  readonly #names = new Map<number, Map<string, number>>()
  readonly #bytes = new Map<number, Uint8Array>()
  readonly #kinds = new Map<number, 'file' | 'folder'>()
  #pendingNames: PendingName[] = []
  readonly #pendingWrites = new Map<number, PendingWrite[]>()
  readonly #variants = new Map<number, Variants>()
  readonly #paths = new Map<number, string>([[ROOT_INO, '']])
  readonly #options: CutOptions
  readonly #random: () => number

  constructor({ start }: Recording, options: CutOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    for (const [ino, node] of start) {
      this.#kinds.set(ino, node.kind)
      if (node.kind === 'file') this.#bytes.set(ino, node.bytes)
      else {
        this.#names.set(ino, new Map(node.entries))
        for (const [name, to] of node.entries) this.#placeFolder(ino, name, start.get(to)!)
      }
    }
  }

  /** Folders keep their places: nothing moves one. */
  #placeFolder(folder: number, name: string, node: Pick<DiskNode, 'ino' | 'kind'>): void {
    if (node.kind === 'folder') this.#paths.set(node.ino, `${this.#paths.get(folder)}/${name}`)
  }

  apply(operation: Operation): void {
    switch (operation.kind) {
      case 'create':
        this.#kinds.set(operation.ino, operation.node)
        if (operation.node === 'folder') this.#names.set(operation.ino, new Map())
        else this.#bytes.set(operation.ino, new Uint8Array(0))
        return
      case 'name': {
        const { folder, name, to } = operation
        this.#pendingNames.push(operation)
        if (to !== undefined)
          this.#placeFolder(folder, name, { ino: to, kind: this.#kinds.get(to)! })
        return
      }
      case 'write': {
        const pending = this.#pendingWrites.get(operation.ino)
        if (pending === undefined) this.#pendingWrites.set(operation.ino, [operation])
        else pending.push(operation)
        this.#variants.delete(operation.ino)
        return
      }
      case 'flush':
        this.#flush(operation.ino)
        return
      case 'ack':
    }
  }

  #flush(ino: number): void {
    const names = this.#names.get(ino)
    if (names !== undefined) {
      for (const pending of this.#pendingNames) if (pending.folder === ino) setName(names, pending)
      this.#pendingNames = this.#pendingNames.filter(({ folder }) => folder !== ino)
      return
    }
    let bytes = this.#bytes.get(ino)!
    for (const write of this.#pendingWrites.get(ino) ?? [])
      bytes = written(bytes, write.at, write.bytes)
    this.#bytes.set(ino, bytes)
    this.#pendingWrites.delete(ino)
    this.#variants.delete(ino)
  }

  /** What may be on the disk of a file: as it was flushed first, as it was asked for last. */
  #variantsOf(ino: number): Variants {
    let variants = this.#variants.get(ino)
    if (variants === undefined) {
      variants = variantsOf(this.#bytes.get(ino)!, this.#pendingWrites.get(ino) ?? [])
      this.#variants.set(ino, variants)
    }
    return variants
  }

  /** What may be there now that could not be before `latest`; everything after an acknowledgement. */
  *states(at: number, latest?: Operation): Generator<CutState> {
    // What is flushed could be there before, and a file without a name cannot be found.
    if (latest?.kind === 'flush' || latest?.kind === 'create') return
    const must = latest?.kind === 'name' ? this.#pendingNames.length - 1 : undefined
    const written = latest?.kind === 'write' ? latest.ino : undefined
    const changed = [...this.#pendingWrites.keys()]
    // A name that is new leads to one file; what became of the others was tried before.
    const to =
      latest?.kind === 'name' ? [latest.to!].filter((ino) => changed.includes(ino)) : changed
    const torn = written === undefined ? to : [written]
    let count = 0
    for (const chosen of this.#choices(must)) {
      const shape = this.#shape(chosen)
      yield this.#state(at, shape, [])
      if (++count >= this.#options.states) return
      for (const ino of torn) {
        const { all, latest: from } = this.#variantsOf(ino)
        for (let i = written === undefined ? 0 : from; i < all.length - 1; i++) {
          yield this.#state(at, shape, [[ino, all[i]!]])
          if (++count >= this.#options.states) return
        }
      }
      if (changed.length > 1) {
        yield this.#state(
          at,
          shape,
          changed.map((ino) => [ino, this.#pick(this.#variantsOf(ino).all)]),
        )
        if (++count >= this.#options.states) return
      }
    }
  }

  /** Sets of pending names that took effect: all of them where they are few, else the likely and some by chance. */
  *#choices(must: number | undefined): Generator<Set<number>> {
    const { names, isScratch } = this.#options
    const visible: number[] = []
    const scratch: number[] = []
    this.#pendingNames.forEach(({ folder, name }, i) => {
      if (i === must) return
      const of = isScratch(`${this.#paths.get(folder)}/${name}`) ? scratch : visible
      of.push(i)
    })
    const always = must === undefined ? [] : [must]
    const some = (of: number[]) => of.filter(() => this.#random() < 0.5)
    let count = 0
    for (const chosen of this.#subsets(visible, names)) {
      yield new Set([...always, ...chosen, ...scratch])
      if (scratch.length > 0) yield new Set([...always, ...chosen])
      if (scratch.length > 1) yield new Set([...always, ...chosen, ...scratch.slice(0, -1)])
      if (scratch.length > 2) yield new Set([...always, ...chosen, ...some(scratch)])
      if (++count >= names) return
    }
  }

  *#subsets(of: readonly number[], limit: number): Generator<number[]> {
    if (2 ** of.length <= limit) {
      for (let mask = 2 ** of.length - 1; mask >= 0; mask--)
        yield of.filter((_, i) => (mask >> i) & 1)
      return
    }
    yield [...of]
    yield []
    for (let i = 0; i < of.length; i++) {
      yield of.filter((_, other) => other !== i)
      yield of.slice(0, i)
      yield [of[i]!]
    }
    for (let i = 0; i < limit; i++) yield of.filter(() => this.#random() < 0.5)
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!
  }

  #state(at: number, shape: Shape, torn: readonly (readonly [number, Uint8Array])[]): CutState {
    let [a, b, c, d] = shape.hash
    const flip = (path: string, bytes: Uint8Array): void => {
      const [x, y] = markOf(path, bytes)
      a ^= x
      b ^= y
      if (this.#options.isScratch(path)) return
      c ^= x
      d ^= y
    }
    for (const [ino, bytes] of torn) {
      for (const path of shape.pathsOf(ino)) {
        flip(path, shape.found.get(path)!.bytes!)
        flip(path, bytes)
      }
    }
    return new CutState(at, shape, new Map(torn), [a, b, c, d])
  }

  #shape(chosen: ReadonlySet<number>): Shape {
    const names = new Map(this.#names)
    const copied = new Set<number>()
    for (const i of chosen) {
      const pending = this.#pendingNames[i]!
      const { folder } = pending
      if (!copied.has(folder)) {
        copied.add(folder)
        names.set(folder, new Map(names.get(folder)))
      }
      setName(names.get(folder)!, pending)
    }
    const found = new Map<string, Found>()
    const nodes = new Map<number, DiskNode>()
    let [a, b, c, d] = [0, 0, 0, 0]
    const add = (path: string, ino: number, bytes?: Uint8Array): void => {
      found.set(path, bytes === undefined ? { ino } : { ino, bytes })
      const [x, y] = markOf(path, bytes)
      a ^= x
      b ^= y
      if (this.#options.isScratch(path)) return
      c ^= x
      d ^= y
    }
    const walk = (ino: number, path: string): void => {
      const entries = names.get(ino)!
      nodes.set(ino, { kind: 'folder', ino, entries })
      add(path, ino)
      for (const [name, to] of entries) {
        const below = `${path}/${name}`
        if (this.#kinds.get(to) === 'folder') {
          walk(to, below)
          continue
        }
        const bytes = this.#pendingWrites.has(to)
          ? this.#variantsOf(to).all.at(-1)!
          : this.#bytes.get(to)!
        nodes.set(to, { kind: 'file', ino: to, bytes })
        add(below, to, bytes)
      }
    }
    walk(ROOT_INO, '')
    return {
      found,
      nodes: [...nodes.values()],
      hash: [a, b, c, d],
      pathsOf: (ino) => [...found].flatMap(([path, at]) => (at.ino === ino ? [path] : [])),
    }
  }
}

function setName(names: Map<string, number>, { name, to }: PendingName): void {
  if (to === undefined) names.delete(name)
  else names.set(name, to)
}

interface Variants {
  /** As it was flushed first, as it was asked for last. */
  readonly all: readonly Uint8Array[]
  /** Those from here on have something of the latest write. */
  readonly latest: number
}

/** A file is cut at each of its bytes where it is not longer. */
const EVERY_BYTE = 1024

/** What writes that were not flushed may have left. */
function variantsOf(before: Uint8Array, writes: readonly PendingWrite[]): Variants {
  const all: Uint8Array[] = [before]
  let latest = 0
  let sofar = before
  for (const { at, bytes } of writes) {
    latest = all.length
    const { length } = bytes
    const step = length <= EVERY_BYTE ? 1 : 512
    for (let cut = step; cut < length; cut += step) {
      all.push(written(sofar, at, bytes.subarray(0, cut)))
      // The length is there and the last bytes are not; or the first are not.
      const zeroed = new Uint8Array(bytes)
      zeroed.fill(0, cut)
      all.push(written(sofar, at, zeroed))
      const late = new Uint8Array(bytes)
      late.fill(0, 0, cut)
      all.push(written(sofar, at, late))
    }
    all.push(written(sofar, at, new Uint8Array(length)))
    // This one is there and those before are not.
    if (sofar !== before) all.push(written(before, at, bytes))
    sofar = written(sofar, at, bytes)
    all.push(sofar)
  }
  return { all, latest }
}

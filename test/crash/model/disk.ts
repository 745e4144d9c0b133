/**
 * A disk in memory that knows what a power cut may take. It holds what processes see, and records
 * each change to a file or a name, and each flush, in the order in which they were asked for.
 * `attach.ts` puts it under `node:fs`, so that the real code runs on it, `power-cut.ts` says what may
 * be left of it.
 */

export interface FileNode {
  readonly kind: 'file'
  readonly ino: number
  /** Never changed in place: contents are shared between disks. */
  bytes: Uint8Array
}

export interface FolderNode {
  readonly kind: 'folder'
  readonly ino: number
  readonly entries: Map<string, number>
}

export type DiskNode = FileNode | FolderNode

/** One thing that was done to the disk, or (`ack`) that a command said to be done. */
export type Operation =
  | { readonly kind: 'create'; readonly ino: number; readonly node: 'file' | 'folder' }
  | {
      readonly kind: 'write'
      readonly ino: number
      readonly at: number
      readonly bytes: Uint8Array
    }
  /** A name leads to a file or folder from now on, or to nothing. */
  | {
      readonly kind: 'name'
      readonly folder: number
      readonly name: string
      readonly to: number | undefined
    }
  | { readonly kind: 'flush'; readonly ino: number }
  | { readonly kind: 'ack'; readonly number: number }

/** A call that a test may let fail: its name as in `node:fs`, and the path as far as it has one. */
export interface DiskCall {
  readonly name: string
  readonly path: string
  /** Whether it changes the disk. */
  readonly changes: boolean
}

/** What a call is to do instead: fail with a code, or write no more than some bytes. */
export type Fault = { readonly code: string } | { readonly short: number }

/** What was on a disk, and all that was done to it since. */
export interface Recording {
  readonly start: ReadonlyMap<number, DiskNode>
  readonly operations: readonly Operation[]
}

export const ROOT_INO = 1

export class ModelDisk {
  readonly nodes = new Map<number, DiskNode>([
    [ROOT_INO, { kind: 'folder', ino: ROOT_INO, entries: new Map() }],
  ])
  /** Absent where nothing is to be recorded. */
  recorded: Operation[] | undefined
  /** Asked before each call. */
  intercept: ((call: DiskCall) => Fault | undefined) | undefined
  /** Told of each question about what is there: of a path's kind, its listing, its content. */
  onQuestion: ((kind: 'kind' | 'list' | 'content', path: string) => void) | undefined
  #next = ROOT_INO + 1

  get root(): FolderNode {
    return this.nodes.get(ROOT_INO) as FolderNode
  }

  /** Begins to record, as if all that is there had been on the disk for long. */
  record(): Recording {
    const start = new Map<number, DiskNode>()
    for (const [ino, node] of this.nodes) {
      const entries = node.kind === 'folder' && new Map(node.entries)
      start.set(ino, entries ? { ...node, kind: 'folder', entries } : { ...(node as FileNode) })
    }
    this.recorded = []
    return { start, operations: this.recorded }
  }

  acknowledge(number: number): void {
    this.recorded?.push({ kind: 'ack', number })
  }

  /** What a path relative to the root leads to. */
  find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.nodes.get(ROOT_INO)
    for (const part of path.split('/')) {
      if (part === '') continue
      if (node?.kind !== 'folder') return undefined
      const ino = node.entries.get(part)
      node = ino === undefined ? undefined : this.nodes.get(ino)
    }
    return node
  }

  /** Takes a copy of a node of another disk, under the same number. */
  adopt(node: DiskNode): void {
    const copy = node.kind === 'file' ? { ...node } : { ...node, entries: new Map(node.entries) }
    this.nodes.set(node.ino, copy)
    this.#next = Math.max(this.#next, node.ino + 1)
  }

  createFile(): FileNode {
    const node: FileNode = { kind: 'file', ino: this.#next++, bytes: new Uint8Array(0) }
    this.nodes.set(node.ino, node)
    this.recorded?.push({ kind: 'create', ino: node.ino, node: 'file' })
    return node
  }

  createFolder(): FolderNode {
    const node: FolderNode = { kind: 'folder', ino: this.#next++, entries: new Map() }
    this.nodes.set(node.ino, node)
    this.recorded?.push({ kind: 'create', ino: node.ino, node: 'folder' })
    return node
  }

  setName(folder: FolderNode, name: string, to: number | undefined): void {
    if (to === undefined) folder.entries.delete(name)
    else folder.entries.set(name, to)
    this.recorded?.push({ kind: 'name', folder: folder.ino, name, to })
  }

  write(file: FileNode, at: number, bytes: Uint8Array): void {
    const copy = new Uint8Array(bytes)
    file.bytes = written(file.bytes, at, copy)
    this.recorded?.push({ kind: 'write', ino: file.ino, at, bytes: copy })
  }

  flush(ino: number): void {
    this.recorded?.push({ kind: 'flush', ino })
  }

  /** How many names lead to a file. */
  links(ino: number): number {
    let count = 0
    for (const node of this.nodes.values()) {
      if (node.kind !== 'folder') continue
      for (const to of node.entries.values()) if (to === ino) count++
    }
    return count
  }
}

/** A file's content after bytes were written at a place. */
export function written(before: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const after = new Uint8Array(Math.max(before.length, at + bytes.length))
  after.set(before)
  after.set(bytes, at)
  return after
}

/** A disk that holds what a map of nodes does; contents are shared, names are its own. */
export function diskOf(nodes: Iterable<DiskNode>): ModelDisk {
  const disk = new ModelDisk()
  for (const node of nodes) disk.adopt(node)
  return disk
}

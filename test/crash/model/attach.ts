import fs from 'node:fs'
import { constants } from 'node:os'
import { basename, dirname, resolve } from 'node:path'
import type { DiskNode, FileNode, FolderNode, ModelDisk } from './disk.ts'

/** Where a model disk appears; nothing real is there. */
export const MOUNT = '/varve-model-disk'

/** Descriptors from here on are the model's; the system never gives one so high. */
const FIRST_FD = 1 << 24

interface OpenFile {
  readonly disk: ModelDisk
  readonly node: DiskNode
  readonly path: string
  position: number
}

let mounted: ModelDisk | undefined
const open = new Map<number, OpenFile>()
let nextFd = FIRST_FD

/** Puts a disk at {@link MOUNT}, in place of the one before. */
export function mount(disk: ModelDisk | undefined): void {
  mounted = disk
}

/** Files that are still open on any disk. */
export function openFiles(): string[] {
  return [...open.values()].map(({ path }) => path)
}

/** Lets go of what a process that is no more had open. */
export function forgetOpenFiles(): void {
  open.clear()
}

function failure(code: string, call: string, path: string): Error {
  const errno = -(constants.errno as Record<string, number>)[code]!
  return Object.assign(new Error(`${code}: ${call} '${path}'`), {
    code,
    errno,
    syscall: call,
    path,
  })
}

type Path = fs.PathLike | number
const isOurs = (path: Path): path is string =>
  typeof path === 'string' && (path === MOUNT || path.startsWith(`${MOUNT}/`))
const inside = (path: string): string => resolve(path).slice(MOUNT.length)

function disk(path: string, name: string, changes: boolean): ModelDisk {
  if (mounted === undefined) throw new Error(`no disk is mounted for ${path}`)
  const fault = mounted.intercept?.({ name, path, changes })
  if (fault !== undefined && 'code' in fault) throw failure(fault.code, name, path)
  return mounted
}

/** The node at a path and the question recorded; ENOTDIR where a part of it is a file. */
function look(on: ModelDisk, path: string): DiskNode | undefined {
  on.onQuestion?.('kind', inside(path))
  return on.find(inside(path))
}

function folderOf(on: ModelDisk, path: string, call: string): FolderNode {
  const found = look(on, dirname(path))
  if (found === undefined) throw failure('ENOENT', call, path)
  if (found.kind !== 'folder') throw failure('ENOTDIR', call, path)
  return found
}

function openPath(path: string, flags: string, call: string): number {
  const on = disk(path, call, flags !== 'r')
  let node = look(on, path)
  if (flags === 'r') {
    if (node === undefined) throw failure('ENOENT', call, path)
  } else if (flags === 'wx' || flags === 'wx+') {
    if (node !== undefined) throw failure('EEXIST', call, path)
    const folder = folderOf(on, path, call)
    node = on.createFile()
    on.setName(folder, basename(path), node.ino)
  } else throw new Error(`the model disk does not know the flags ${flags}`)
  const fd = nextFd++
  open.set(fd, { disk: on, node, path, position: 0 })
  return fd
}

function opened(fd: number, call: string): OpenFile {
  const found = open.get(fd)
  if (found === undefined) throw failure('EBADF', call, String(fd))
  return found
}

function faultOf({ disk: on, path }: OpenFile, name: string, changes: boolean) {
  const fault = on.intercept?.({ name, path, changes })
  if (fault !== undefined && 'code' in fault) throw failure(fault.code, name, path)
  return fault
}

function readAt(
  fd: number,
  into: NodeJS.ArrayBufferView,
  at: number,
  length: number,
  position: number | null,
): number {
  const file = opened(fd, 'read')
  faultOf(file, 'read', false)
  const { node } = file
  if (node.kind === 'folder') throw failure('EISDIR', 'read', file.path)
  file.disk.onQuestion?.('content', inside(file.path))
  const from = position ?? file.position
  const piece = node.bytes.subarray(from, from + length)
  new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(piece, at)
  if (position === null) file.position += piece.length
  return piece.length
}

/** Everybody's files are the tester's own; times tell only which of two files is older. */
function statsOf(on: ModelDisk, node: DiskNode): fs.Stats {
  const isFolder = node.kind === 'folder'
  const size = node.kind === 'file' ? node.bytes.length : 4096
  const time = 1_700_000_000_000 + node.ino
  return {
    isFile: () => !isFolder,
    isDirectory: () => isFolder,
    isSymbolicLink: () => false,
    dev: 1,
    ino: node.ino,
    mode: isFolder ? 0o40755 : 0o100644,
    get nlink() {
      return isFolder ? 2 : on.links(node.ino)
    },
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    size,
    mtimeMs: time,
    ctimeMs: time,
    atimeMs: time,
    birthtimeMs: time,
  } as unknown as fs.Stats
}

function inBigint(stats: fs.Stats): fs.BigIntStats {
  const all: Record<string, unknown> = { ...stats }
  for (const [key, value] of Object.entries(all)) {
    if (typeof value === 'number') all[key] = BigInt(value)
  }
  for (const kind of ['mtime', 'ctime', 'atime', 'birthtime']) {
    all[`${kind}Ns`] = (all[`${kind}Ms`] as bigint) * 1_000_000n
  }
  return all as unknown as fs.BigIntStats
}

interface StatOptions {
  readonly bigint?: boolean
  readonly throwIfNoEntry?: boolean
}

function statPath(path: string, options: StatOptions = {}, call = 'stat') {
  const on = disk(path, call, false)
  const node = look(on, path)
  if (node === undefined) {
    if (options.throwIfNoEntry === false) return undefined
    throw failure('ENOENT', call, path)
  }
  // A file's size is a part of what it says.
  if (node.kind === 'file') on.onQuestion?.('content', inside(path))
  return options.bigint ? inBigint(statsOf(on, node)) : statsOf(on, node)
}

/** As the real one, which takes any failure for a no. */
function exists(path: string): boolean {
  try {
    return statPath(path, { throwIfNoEntry: false }, 'exists') !== undefined
  } catch {
    return false
  }
}

function readFolder(path: string, options: { withFileTypes?: boolean } = {}) {
  const on = disk(path, 'readdir', false)
  const node = look(on, path)
  if (node === undefined) throw failure('ENOENT', 'readdir', path)
  if (node.kind !== 'folder') throw failure('ENOTDIR', 'readdir', path)
  on.onQuestion?.('list', inside(path))
  const names = [...node.entries.keys()].sort()
  if (!options.withFileTypes) return names
  return names.map((name) => {
    const kind = on.nodes.get(node.entries.get(name)!)!.kind
    return {
      name,
      parentPath: path,
      isFile: () => kind === 'file',
      isDirectory: () => kind === 'folder',
      isSymbolicLink: () => false,
    }
  })
}

function makeFolder(path: string): void {
  const on = disk(path, 'mkdir', true)
  const folder = folderOf(on, path, 'mkdir')
  if (look(on, path) !== undefined) throw failure('EEXIST', 'mkdir', path)
  on.setName(folder, basename(path), on.createFolder().ino)
}

function link(from: string, to: string): void {
  const on = disk(to, 'link', true)
  const node = look(on, from)
  if (node?.kind !== 'file') throw failure('ENOENT', 'link', from)
  const folder = folderOf(on, to, 'link')
  if (look(on, to) !== undefined) throw failure('EEXIST', 'link', to)
  on.setName(folder, basename(to), node.ino)
}

function rename(from: string, to: string): void {
  const on = disk(to, 'rename', true)
  const node = look(on, from)
  if (node === undefined) throw failure('ENOENT', 'rename', from)
  const target = folderOf(on, to, 'rename')
  if (look(on, to)?.kind === 'folder') throw failure('EISDIR', 'rename', to)
  on.setName(target, basename(to), node.ino)
  on.setName(folderOf(on, from, 'rename'), basename(from), undefined)
}

function unlink(path: string): void {
  const on = disk(path, 'unlink', true)
  const node = look(on, path)
  if (node === undefined) throw failure('ENOENT', 'unlink', path)
  if (node.kind === 'folder') throw failure('EISDIR', 'unlink', path)
  on.setName(folderOf(on, path, 'unlink'), basename(path), undefined)
}

function removeFolder(path: string): void {
  const on = disk(path, 'rmdir', true)
  const node = look(on, path)
  if (node === undefined) throw failure('ENOENT', 'rmdir', path)
  if (node.kind !== 'folder') throw failure('ENOTDIR', 'rmdir', path)
  on.onQuestion?.('list', inside(path))
  if (node.entries.size > 0) throw failure('ENOTEMPTY', 'rmdir', path)
  on.setName(folderOf(on, path, 'rmdir'), basename(path), undefined)
}

function close(fd: number): void {
  // Closing never fails on purpose: nothing that Linux says then is about what was flushed.
  opened(fd, 'close')
  open.delete(fd)
}

function writeAt(fd: number, bytes: Uint8Array, position: number | null): number {
  const file = opened(fd, 'write')
  const fault = faultOf(file, 'write', true)
  const taken = fault === undefined ? bytes : bytes.subarray(0, fault.short)
  const at = position ?? file.position
  file.disk.write(file.node as FileNode, at, taken)
  if (position === null) file.position = at + taken.length
  return taken.length
}

function flush(fd: number): void {
  const file = opened(fd, 'fsync')
  faultOf(file, 'fsync', true)
  file.disk.flush(file.node.ino)
}

function realPath(path: string): string {
  const on = disk(path, 'realpath', false)
  if (look(on, path) === undefined) throw failure('ENOENT', 'realpath', path)
  return resolve(path)
}

const handle = (fd: number) => ({
  fd,
  close: async () => close(fd),
  chmod: async () => undefined,
  stat: async () => statsOf(opened(fd, 'fstat').disk, opened(fd, 'fstat').node),
  read: async (into: Uint8Array, at: number, length: number, position: number | null) => ({
    bytesRead: readAt(fd, into, at, length, position),
  }),
})

function callback<T>(run: () => T, done: (error: unknown, value?: T) => void): void {
  let value: T
  try {
    value = run()
  } catch (error) {
    queueMicrotask(() => done(error))
    return
  }
  queueMicrotask(() => done(null, value))
}

type Call = (...args: never[]) => unknown
/** What each function does for a path or descriptor of the model. */
const byPath: Record<string, Call> = {
  openSync: (path: string, flags: string) => openPath(path, flags, 'open'),
  statSync: (path: string, options?: StatOptions) => statPath(path, options),
  lstatSync: (path: string, options?: StatOptions) => statPath(path, options, 'lstat'),
  existsSync: exists,
  readdirSync: readFolder,
  mkdirSync: makeFolder,
  linkSync: link,
  unlinkSync: unlink,
  rmdirSync: removeFolder,
  renameSync: rename,
  realpathSync: realPath,
  chmodSync: (path: string) => void disk(path, 'chmod', true),
}
const byDescriptor: Record<string, Call> = {
  closeSync: close,
  fstatSync: (fd: number, options: StatOptions = {}) => {
    const { disk: on, node, path } = opened(fd, 'fstat')
    if (node.kind === 'file') on.onQuestion?.('content', inside(path))
    return options.bigint ? inBigint(statsOf(on, node)) : statsOf(on, node)
  },
  readSync: (
    fd: number,
    into: Uint8Array,
    at = 0,
    length = into.length - at,
    from: number | null = null,
  ) => readAt(fd, into, at, length, from),
  read: (
    fd: number,
    into: Uint8Array,
    at: number,
    length: number,
    from: number | null,
    done: never,
  ) => callback(() => readAt(fd, into, at, length, from), done),
  write: (
    fd: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    to: number | null,
    done: never,
  ) => callback(() => writeAt(fd, bytes.subarray(at, at + length), to), done),
  writeSync: (fd: number, bytes: Uint8Array, at: number, length: number, to: number | null) =>
    writeAt(fd, bytes.subarray(at, at + length), to),
  fsync: (fd: number, done: never) => callback(() => flush(fd), done),
}
const promised: Record<string, Call> = {
  open: async (path: string, flags: string) => handle(openPath(path, flags, 'open')),
  mkdir: async (path: string) => makeFolder(path),
  readdir: async (path: string, options?: { withFileTypes?: boolean }) => readFolder(path, options),
  rename: async (from: string, to: string) => rename(from, to),
}

/** Puts the model under `node:fs`, for paths below {@link MOUNT}. Returns what takes it away. */
export function attachModelDisks(): () => void {
  const undo: (() => void)[] = []
  const patch = (
    on: object,
    names: Record<string, Call>,
    applies: (first: Path) => boolean,
  ): void => {
    const target = on as Record<string, (...args: unknown[]) => unknown>
    for (const [name, ours] of Object.entries(names)) {
      const original = target[name]!
      const patched = function (this: unknown, ...args: unknown[]): unknown {
        return applies(args[0] as Path)
          ? (ours as (...given: unknown[]) => unknown)(...args)
          : original.apply(this, args)
      }
      target[name] = Object.assign(patched, original)
      undo.push(() => {
        target[name] = original
      })
    }
  }
  patch(fs, byPath, isOurs)
  patch(fs, byDescriptor, (fd) => typeof fd === 'number' && fd >= FIRST_FD)
  patch(fs.promises, promised, isOurs)
  patch(fs.realpathSync, { native: realPath }, isOurs)
  return () => {
    for (const restore of undo.reverse()) restore()
    mount(undefined)
    open.clear()
  }
}

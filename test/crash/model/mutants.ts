import type { Operation, Recording } from './disk.ts'

/** A mistake that varve could make, planted in what it was recorded to do. */
export interface Mutant {
  readonly name: string
  plant(recording: Recording): Operation[]
}

/** Where names under a path's last folder are: the numbers of folders called so. */
function foldersNamed({ start, operations }: Recording, name: string): Set<number> {
  const folders = new Set<number>()
  for (const node of start.values()) {
    const ino = node.kind === 'folder' ? node.entries.get(name) : undefined
    if (ino !== undefined) folders.add(ino)
  }
  for (const operation of operations) {
    if (operation.kind === 'name' && operation.name === name && operation.to)
      folders.add(operation.to)
  }
  return folders
}

/** The files that get names in a folder. */
function filesOf(recording: Recording, folder: string, named = /./): Set<number> {
  const folders = foldersNamed(recording, folder)
  const files = new Set<number>()
  for (const operation of recording.operations) {
    if (operation.kind !== 'name' || operation.to === undefined) continue
    if (folders.has(operation.folder) && named.test(operation.name)) files.add(operation.to)
  }
  return files
}

function withoutFlushes(recording: Recording, of: ReadonlySet<number>): Operation[] {
  return recording.operations.filter((one) => one.kind !== 'flush' || !of.has(one.ino))
}

const unflushedFiles = (name: string, folder: string, named?: RegExp): Mutant => ({
  name,
  plant: (recording) => withoutFlushes(recording, filesOf(recording, folder, named)),
})

const unflushedNames = (name: string, folder: string): Mutant => ({
  name,
  plant: (recording) => withoutFlushes(recording, foldersNamed(recording, folder)),
})

/** What is done to names in one folder, and their flush, comes after what is done next in another. */
function later(recording: Recording, folder: string, than: string): Operation[] {
  const moved = foldersNamed(recording, folder)
  const before = foldersNamed(recording, than)
  const result: Operation[] = []
  let held: Operation[] = []
  for (const operation of recording.operations) {
    const isMoved =
      (operation.kind === 'name' && operation.to !== undefined && moved.has(operation.folder)) ||
      (operation.kind === 'flush' && moved.has(operation.ino))
    if (isMoved) {
      held.push(operation)
      continue
    }
    result.push(operation)
    const ends = operation.kind === 'flush' && before.has(operation.ino)
    if (ends || operation.kind === 'ack') {
      // A promise is not kept waiting: what is late comes before it.
      if (operation.kind === 'ack') result.splice(-1, 0, ...held)
      else result.push(...held)
      held = []
    }
  }
  return [...result, ...held]
}

/** Files get their names before their bytes are flushed. */
function namedFirst(recording: Recording, folder: string): Operation[] {
  const folders = foldersNamed(recording, folder)
  const files = filesOf(recording, folder)
  const names = new Map<number, Operation>()
  for (const one of recording.operations) {
    if (one.kind === 'name' && folders.has(one.folder) && one.to) names.set(one.to, one)
  }
  return recording.operations.flatMap((one) => {
    if (one.kind === 'flush' && files.has(one.ino)) return [names.get(one.ino)!, one]
    return names.get((one as { to?: number }).to ?? -1) === one ? [] : [one]
  })
}

/** What is removed from a folder is removed before the flush that comes before. */
function removedEarly(recording: Recording, folder: string, before: string): Operation[] {
  const from = foldersNamed(recording, folder)
  const flushed = foldersNamed(recording, before)
  const result: Operation[] = []
  for (const operation of recording.operations) {
    const isRemoval =
      operation.kind === 'name' && operation.to === undefined && from.has(operation.folder)
    if (!isRemoval) {
      result.push(operation)
      continue
    }
    const at = result.findLastIndex((one) => one.kind === 'name' && flushed.has(one.folder))
    result.splice(Math.max(at, 0), 0, operation)
  }
  return result
}

/** Each flush left out, and each order changed, by the workload that shows it. */
export const mutants: ReadonlyMap<string, readonly Mutant[]> = new Map([
  [
    'commits',
    [
      unflushedFiles('the bytes of packs are not flushed', 'packs'),
      unflushedNames('the names of packs are not flushed', 'packs'),
      unflushedFiles('the bytes of log entries are not flushed', 'log'),
      unflushedNames('the names of log entries are not flushed', 'log'),
      {
        name: 'a log entry comes before its pack',
        plant: (recording) => later(recording, 'packs', 'log'),
      },
      {
        name: 'a pack gets its name before its bytes are flushed',
        plant: (recording) => namedFirst(recording, 'packs'),
      },
      {
        name: 'a log entry gets its name before its bytes are flushed',
        plant: (recording) => namedFirst(recording, 'log'),
      },
    ],
  ],
  [
    'staging, files and branches',
    [
      unflushedFiles('the bytes of the index are not flushed', '.varve', /^index\./),
      unflushedFiles('the bytes of HEAD are not flushed', '.varve', /^HEAD$/),
      unflushedNames('the names of index and HEAD are not flushed', '.varve'),
    ],
  ],
  [
    'checkpoint',
    [
      unflushedFiles('the bytes of checkpoints are not flushed', 'checkpoints'),
      unflushedNames('the names of checkpoints are not flushed', 'checkpoints'),
      unflushedFiles('the bytes of archives are not flushed', 'archive'),
      {
        name: 'entries are removed before their checkpoint has its name',
        plant: (recording) => removedEarly(recording, 'log', 'checkpoints'),
      },
    ],
  ],
  [
    'merge of packs',
    [
      {
        name: 'packs are removed before the entry that retires them is there',
        plant: (recording) => removedEarly(recording, 'packs', 'log'),
      },
    ],
  ],
])

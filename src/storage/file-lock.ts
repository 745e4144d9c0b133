import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import {
  isRunning,
  linkFile,
  namesIn,
  processOf,
  removeFile,
  temporaryName,
  writeFully,
} from './durable.ts'
import { fileError, systemCode } from './file-errors.ts'

// A lock is a file `PATH.lock` that holds the number of the process that has it. It gets its name when that is in it.

/** Attempts while others have the lock, some ten milliseconds apart. */
const ATTEMPTS = 300
/** A lock of a process that is not running is taken from it after so many: it may run in another container. */
const PATIENCE = 50
const PRIVATE = 0o600

/** The right to replace a file, which others wait for. */
export interface FileLock {
  /** `conflict` where another has taken it over: to be asked before what the lock is for. */
  check(): void
  release(): Promise<void>
}

/**
 * Takes the lock of a file. That of a process that was killed is taken over, with what else it left; `conflict` where one
 * of a process that runs does not go away.
 */
export async function lockFile(path: string): Promise<FileLock> {
  const lock = `${path}.lock`
  const own = `${lock}.${temporaryName()}`
  await writeOwn(own, path)
  try {
    await take(path, lock, own)
    const { ino } = fs.statSync(own, { bigint: true })
    const isOurs = () => fs.statSync(lock, { bigint: true, throwIfNoEntry: false })?.ino === ino
    return {
      check() {
        if (!isOurs()) throw inTheWay(path, lock)
      },
      async release() {
        if (isOurs()) await removeFile(lock)
      },
    }
  } finally {
    await removeFile(own)
  }
}

async function writeOwn(own: string, path: string): Promise<void> {
  let fd: number
  try {
    fd = fs.openSync(own, 'wx', PRIVATE)
  } catch (error) {
    throw fileError(error, 'create', path)
  }
  let isWhole = false
  try {
    await writeFully(fd, Buffer.from(`${process.pid}\n`), path)
    isWhole = true
  } finally {
    fs.closeSync(fd)
    if (!isWhole) await removeFile(own)
  }
}

async function take(path: string, lock: string, own: string): Promise<void> {
  let met: Holder | undefined
  let seen = 0
  for (let attempt = 1; !(await linkFile(own, lock)); attempt++) {
    const holder = holderOf(lock)
    seen = holder?.ino === met?.ino ? seen + 1 : 1
    met = holder
    if (seen >= PATIENCE && holder?.pid !== undefined && !isRunning(holder.pid)) {
      await removeAbandoned(path, lock, { ino: holder.ino, pid: holder.pid })
      continue
    }
    if (attempt >= ATTEMPTS) throw inTheWay(path, lock)
    await new Promise((resolve) => setTimeout(resolve, 5 + 10 * Math.random()))
  }
}

interface Holder {
  readonly ino: bigint
  /** Undefined where the file does not say. */
  readonly pid: number | undefined
}

function holderOf(lock: string): Holder | undefined {
  try {
    const fd = fs.openSync(lock, 'r')
    try {
      const { ino } = fs.fstatSync(fd, { bigint: true })
      const pid = /^([1-9]\d{0,9})\n$/.exec(fs.readFileSync(fd, 'latin1'))?.[1]
      return { ino, pid: pid === undefined ? undefined : Number(pid) }
    } finally {
      fs.closeSync(fd)
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileError(error, 'read', lock)
  }
}

/** Removes a lock and what its process has left beside the file. */
async function removeAbandoned(
  path: string,
  lock: string,
  { ino, pid }: { ino: bigint; pid: number },
): Promise<void> {
  const aside = `${lock}.${temporaryName()}`
  try {
    fs.renameSync(lock, aside)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw fileError(error, 'remove', lock)
  }
  try {
    // Another may have been as fast, and have the lock by now: then it gets it back.
    if (fs.statSync(aside, { bigint: true }).ino !== ino) await linkFile(aside, lock)
  } finally {
    await removeFile(aside)
  }
  const start = `${basename(path)}.`
  for (const name of await namesIn(dirname(path))) {
    const rest = name.startsWith(start) ? name.slice(start.length).replace(/^lock\./, '') : ''
    if (processOf(rest) === pid) await removeFile(join(dirname(path), name))
  }
}

function inTheWay(path: string, lock: string): VarveError {
  return new VarveError('conflict', `another process is changing ${path}`, {
    data: { path, lock },
    hint: `try again; where none is, one was killed: rm ${lock}`,
  })
}

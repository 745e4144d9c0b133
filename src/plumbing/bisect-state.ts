import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import type { PrivateFiles } from '../storage/private-files.ts'
import type { Repository } from './repository.ts'

/** How commits before and after the change that is looked for are called. */
export interface BisectTerms {
  readonly old: string
  readonly new: string
}

/** A search for the commit that changed something. */
export interface BisectState {
  /** Where HEAD was before: a ref name or an id. */
  readonly start: string
  readonly terms: BisectTerms
  /** Commits that do not have the change. */
  readonly good: readonly Id[]
  /** The commit that has it. */
  readonly bad?: Id | undefined
  /** Commits that cannot be tested. */
  readonly skipped: readonly Id[]
  /** Only commits that changed one of these series or collections. */
  readonly paths: readonly string[]
  readonly firstParent: boolean
  /** HEAD stays: the commit to be tested is only called BISECT_HEAD. */
  readonly noCheckout: boolean
  /** The commands that led here, as `bisect log` prints them. */
  readonly log: readonly string[]
}

// `BISECT_STATE`: the state as JSON. `BISECT_HEAD`: the id of the commit to be tested, and a line feed.
const STATE_FILE = 'BISECT_STATE'
const HEAD_FILE = 'BISECT_HEAD'

/** The search that is going on; undefined where none is. */
export async function readBisect(repo: Repository): Promise<BisectState | undefined> {
  const bytes = await repo.privateFiles?.read(STATE_FILE)
  if (bytes === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw damaged(cause)
  }
  if (!isState(value)) throw damaged()
  return value
}

export async function writeBisect(repo: Repository, state: BisectState): Promise<void> {
  await filesOf(repo).write(STATE_FILE, Buffer.from(`${JSON.stringify(state)}\n`))
}

/** Says which commit is to be tested. */
export async function writeBisectHead(repo: Repository, id: Id): Promise<void> {
  await filesOf(repo).write(HEAD_FILE, Buffer.from(`${id}\n`))
}

/** What brings the search that is going on back as it is now; or, where none is, ends a later one. */
export async function rememberBisect(repo: Repository): Promise<() => Promise<void>> {
  const files = repo.privateFiles
  const [head, state] = [await files?.read(HEAD_FILE), await files?.read(STATE_FILE)]
  const back = async (name: string, bytes: Uint8Array | undefined) =>
    bytes === undefined ? files?.remove(name) : files?.write(name, bytes)
  return async () => {
    await back(HEAD_FILE, head)
    await back(STATE_FILE, state)
  }
}

/** Ends the search; without effect where there is none. */
export async function clearBisect(repo: Repository): Promise<void> {
  await repo.privateFiles?.remove(HEAD_FILE)
  await repo.privateFiles?.remove(STATE_FILE)
}

/** The commits that a search needs. */
export function commitsOfBisect({ start, good, bad, skipped }: BisectState): Id[] {
  return [...good, ...skipped, ...(bad === undefined ? [] : [bad]), ...(isId(start) ? [start] : [])]
}

function filesOf(repo: Repository): PrivateFiles {
  if (repo.privateFiles !== undefined) return repo.privateFiles
  throw new VarveError('refused', 'this repository has no place to remember a search', {
    hint: 'bisect in a clone',
  })
}

function isState(value: unknown): value is BisectState {
  if (typeof value !== 'object' || value === null) return false
  const { start, terms, good, bad, skipped, paths, log } = value as BisectState
  const isIds = (ids: readonly Id[]) => Array.isArray(ids) && ids.every(isId)
  const isTexts = (texts: readonly string[]) =>
    Array.isArray(texts) && texts.every((text) => typeof text === 'string')
  return (
    typeof start === 'string' &&
    typeof terms?.old === 'string' &&
    typeof terms.new === 'string' &&
    isIds(good) &&
    isIds(skipped) &&
    (bad === undefined || isId(bad)) &&
    isTexts(paths) &&
    isTexts(log)
  )
}

function damaged(cause?: unknown): VarveError {
  return new VarveError('corrupt-file', 'the state of the search cannot be read', {
    hint: 'varve bisect reset drops it',
    cause,
  })
}

import { type Commit, readCommit, type Signature } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, isId, shortId } from '../core/id.ts'
import { type BisectStep, nextBisectStep } from '../plumbing/bisect-candidates.ts'
import {
  type BisectState,
  type BisectTerms,
  clearBisect,
  readBisect,
  rememberBisect,
  writeBisect,
  writeBisectHead,
} from '../plumbing/bisect-state.ts'
import { headState, headText, readHead } from '../plumbing/head.ts'
import { hasIndex } from '../plumbing/index-state.ts'
import { refuseDuringMerge } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveCommit } from '../plumbing/resolve-revision.ts'
import { shortBranch } from './branch.ts'
import { changesOf } from './log.ts'
import { revisionsAndSeries } from './revisions-and-series.ts'
import type { SeriesStat } from './series-stat.ts'
import type { FilesMoved, FilesOptions } from './show-tree.ts'
import { type SwitchResult, switchBranch } from './switch.ts'

export interface BisectOptions extends FilesOptions {
  readonly who: Signature
  readonly now?: CommitDate | undefined
}

export interface StartBisectOptions extends BisectOptions {
  /** The commit with the change, then some without it, then series. */
  readonly words?: readonly string[] | undefined
  readonly series?: readonly string[] | undefined
  readonly terms?: Partial<BisectTerms> | undefined
  readonly firstParent?: boolean | undefined
  /** Leave HEAD, index and files as they are: the commit to be tested is only called BISECT_HEAD. */
  readonly noCheckout?: boolean | undefined
}

/** Where a search stands. */
export interface BisectResult {
  readonly terms: BisectTerms
  /** What has to be said before there is something to test. */
  readonly missing: { readonly old: boolean; readonly new: boolean }
  readonly step?: BisectStep
  /** The commit that is to be tested, or that was found. */
  readonly commit?: Commit
  /** What the commit that was found changed, by series. */
  readonly changes?: readonly SeriesStat[]
  readonly files: FilesMoved
}

const NO_FILES: FilesMoved = { written: [], removed: [] }
const DEFAULT_TERMS: BisectTerms = { old: 'good', new: 'bad' }
const ACTIONS = [
  'start',
  'skip',
  'run',
  'reset',
  'log',
  'terms',
  'next',
  'view',
  'visualize',
  'help',
]

/**
 * Begins a search for the commit that changed something; one that is going on is dropped, unless this one is
 * refused. Errors as `resolveRevision`, `switchBranch`; `refused` while a merge is going on, and for a commit
 * with the change and without it; `usage` for terms that mean something else.
 */
export async function startBisect(
  repo: Repository,
  options: StartBisectOptions,
): Promise<BisectResult> {
  const { words = [], series = [], firstParent = false, now } = options
  await refuseDuringMerge(repo, 'no search is begun')
  const terms = checkedTerms({ ...DEFAULT_TERMS, ...options.terms })
  const split = await revisionsAndSeries(repo, words, (word) => resolveCommit(repo, word, { now }))
  const [bad, ...good] = await idsOf(repo, split.revisions, now)
  if (bad !== undefined && good.includes(bad)) {
    throw new VarveError(
      'refused',
      `${shortId(bad)} cannot be both ${terms.new} and ${terms.old}`,
      {
        data: { id: bad },
        hint: `varve bisect start ${terms.new.toUpperCase()} ${terms.old.toUpperCase()} names two commits`,
      },
    )
  }
  const before = await readBisect(repo)
  const head = headText(await readHead(repo))
  const start = before?.start ?? head
  const paths = [...split.series, ...series]
  const noCheckout = options.noCheckout === true || !hasIndex(repo)
  const said = [
    ...(terms.new === 'bad' ? [] : [`--term-new=${terms.new}`]),
    ...(terms.old === 'good' ? [] : [`--term-old=${terms.old}`]),
    ...(noCheckout ? ['--no-checkout'] : []),
    ...(firstParent ? ['--first-parent'] : []),
    ...(bad === undefined ? [] : [bad, ...good]),
    ...(paths.length === 0 ? [] : ['--', ...paths]),
  ]
  const state: BisectState = {
    ...{ start, terms, good, skipped: [], paths, firstParent, noCheckout },
    ...(bad !== undefined && { bad }),
    log: [['varve bisect start', ...said].join(' ')],
  }
  const takeBack = await rememberBisect(repo)
  await writeBisect(repo, state)
  try {
    return await goOn(repo, state, options)
  } catch (error) {
    // Where HEAD has moved on, the search knows the way back.
    if (headText(await readHead(repo)) === head) await takeBack()
    throw error
  }
}

export interface MarkBisectOptions extends BisectOptions {
  /** `good`, `bad`, or one of the terms of the search; `skip`. */
  readonly term: string
  /** HEAD, or what is to be tested, unless given. */
  readonly revisions?: readonly string[] | undefined
}

/** Says of commits whether they have the change, or cannot be tested, and goes on to the next one. */
export async function markBisect(
  repo: Repository,
  { term, revisions = [], ...options }: MarkBisectOptions,
): Promise<BisectResult> {
  const state = await currentBisect(repo)
  const side = sideOf(state.terms, term)
  const ids =
    revisions.length === 0 ? [await atHand(repo, state)] : await idsOf(repo, revisions, options.now)
  if (side === 'new' && ids.length > 1) {
    throw new VarveError('usage', `one commit is ${state.terms.new}, not ${ids.length}`)
  }
  const clash = ids.find((id) => (side === 'new' ? state.good : [state.bad]).includes(id))
  if (side !== 'skip' && clash !== undefined) {
    const other = side === 'new' ? state.terms.old : state.terms.new
    throw new VarveError('refused', `${shortId(clash)} was said to be ${other}`, {
      data: { id: clash },
      hint: 'varve bisect log has what was said; varve bisect start begins anew',
    })
  }
  const log = [...state.log, ...ids.map((id) => `varve bisect ${term} ${id}`)]
  const next: BisectState = {
    ...state,
    log,
    ...(side === 'new' && { bad: ids[0]! }),
    ...(side === 'old' && { good: [...new Set([...state.good, ...ids])] }),
    ...(side === 'skip' && { skipped: [...new Set([...state.skipped, ...ids])] }),
  }
  await writeBisect(repo, next)
  return goOn(repo, next, options)
}

/** The next commit to test, again. */
export async function nextBisect(repo: Repository, options: BisectOptions): Promise<BisectResult> {
  return goOn(repo, await currentBisect(repo), options)
}

export interface RunBisectOptions extends BisectOptions {
  /** Tests the commit that is checked out: its exit code, 0 without the change, 125 where that cannot be said. */
  readonly test: (id: Id) => Promise<number>
  /** Told of each step. */
  readonly onStep?: ((result: BisectResult, verdict: string, id: Id) => void) | undefined
}

/** Exit codes with which a shell says that it could not run a program. */
const NOT_RUN = new Map([
  [126, 'may not run'],
  [127, 'does not find'],
])

/** Tests commit by commit until the one is found. `refused` for an exit code above 125. */
export async function runBisect(
  repo: Repository,
  { test, onStep, ...options }: RunBisectOptions,
): Promise<BisectResult> {
  let result = await nextBisect(repo, options)
  if (result.step === undefined) throw notBegun(result)
  while (result.step?.kind === 'test' || result.step?.kind === 'merge-base') {
    const { id } = result.step
    const code = await test(id)
    if (code < 0 || code > 125) throw noVerdict(id, code)
    const { terms } = result
    const term = code === 0 ? terms.old : code === 125 ? 'skip' : terms.new
    result = await markBisect(repo, { ...options, term, revisions: [id] })
    onStep?.(result, term, id)
  }
  return result
}

function noVerdict(id: Id, code: number): VarveError {
  const fault = NOT_RUN.get(code)
  const meanings =
    fault === undefined
      ? '0 is without the change, 1 to 124 with it, 125 cannot be said'
      : `a shell ends with ${code} where it ${fault} a program`
  return new VarveError('refused', `the test ended with exit code ${code} at ${shortId(id)}`, {
    data: { id, exitCode: code },
    hint: `${meanings}; the search is as it was`,
  })
}

/**
 * Ends the search, and goes back to where it began, or to another commit; undefined where none was going on. One
 * whose state cannot be read is dropped, and HEAD stays, unless `to` is given.
 */
export async function resetBisect(
  repo: Repository,
  { to, ...options }: BisectOptions & { readonly to?: string | undefined },
): Promise<SwitchResult | undefined> {
  const began = await whereItBegan(repo)
  if (began === undefined) return undefined
  const place = to ?? began.place
  let moved: SwitchResult | undefined
  if (hasIndex(repo) && place !== undefined) {
    const { refs } = await repo.refs.state()
    // A branch without commits is one too, where HEAD is on it.
    const here = to === undefined && headText(await readHead(repo)) === began.head
    const detach = !here && !refs.has(`refs/heads/${place}`)
    moved = await switchBranch(repo, { ...options, target: place, detach })
  }
  await clearBisect(repo)
  return moved
}

interface Beginning {
  /** What HEAD said. */
  readonly head?: string
  /** What to switch to; absent where HEAD was left as it was. */
  readonly place?: string
}

async function whereItBegan(repo: Repository): Promise<Beginning | undefined> {
  try {
    const state = await readBisect(repo)
    if (state === undefined) return undefined
    const { start: head, noCheckout } = state
    return noCheckout ? { head } : { head, place: isId(head) ? head : shortBranch(head) }
  } catch (error) {
    if (hasCode(error, 'corrupt-file')) return {}
    throw error
  }
}

/** The search that is going on; `refused` where none is. */
export async function currentBisect(repo: Repository): Promise<BisectState> {
  const state = await readBisect(repo)
  if (state !== undefined) return state
  throw new VarveError('refused', 'no search is going on', {
    hint: 'varve bisect start BAD GOOD begins one',
  })
}

async function goOn(
  repo: Repository,
  state: BisectState,
  options: BisectOptions,
): Promise<BisectResult> {
  const { terms, bad, good } = state
  const result = {
    terms,
    missing: { old: good.length === 0, new: bad === undefined },
    files: NO_FILES,
  }
  if (bad === undefined || good.length === 0) return result
  const step = await nextBisectStep(repo, { ...state, bad })
  if (step.kind === 'undone') throw undone(step, terms)
  if (step.kind === 'skipped') return { ...result, step }
  const commit = await readCommit(repo.objects, step.id)
  if (step.kind === 'found') {
    const { shallow } = await repo.refs.state()
    const parent = shallow.has(step.id) ? undefined : commit.parents[0]
    return { ...result, step, commit, changes: await changesOf(repo, parent, commit, state.paths) }
  }
  await writeBisectHead(repo, step.id)
  if (state.noCheckout) return { ...result, step, commit }
  const { files } = await switchBranch(repo, { ...options, target: step.id, detach: true })
  return { ...result, step, commit, files }
}

async function atHand(repo: Repository, state: BisectState): Promise<Id> {
  if (state.noCheckout && state.bad !== undefined && state.good.length > 0) {
    return resolveCommit(repo, 'BISECT_HEAD')
  }
  const { id } = await headState(repo)
  if (id !== undefined) return id
  throw new VarveError('refused', 'there is no commit here to be tested')
}

function sideOf(terms: BisectTerms, term: string): 'old' | 'new' | 'skip' {
  if (term === 'skip') return 'skip'
  if (term === terms.old) return 'old'
  if (term === terms.new) return 'new'
  const isDefault = terms.old === 'good' && terms.new === 'bad'
  if (isDefault && term === 'old') return 'old'
  if (isDefault && term === 'new') return 'new'
  throw new VarveError('usage', `commits are ${terms.old} or ${terms.new} here, not ${term}`, {
    data: { found: term, expected: [terms.old, terms.new] },
    hint: `varve bisect ${terms.old}, varve bisect ${terms.new}, varve bisect skip`,
  })
}

function checkedTerms(terms: BisectTerms): BisectTerms {
  for (const term of [terms.old, terms.new]) {
    if (/^[a-z][a-z0-9-]*$/i.test(term) && !ACTIONS.includes(term)) continue
    throw new VarveError('usage', `${JSON.stringify(term)} cannot be a term`, {
      data: { found: term },
      hint: 'a word of letters and digits that is no subcommand: --term-old=before --term-new=after',
    })
  }
  if (terms.old !== terms.new) return terms
  throw new VarveError('usage', 'the two terms are the same')
}

async function idsOf(
  repo: Repository,
  revisions: readonly string[],
  now: CommitDate | undefined,
): Promise<Id[]> {
  const ids: Id[] = []
  for (const revision of revisions) ids.push(await resolveCommit(repo, revision, { now }))
  return ids
}

function notBegun({ terms, missing }: BisectResult): VarveError {
  const [what] = [missing.new && terms.new, missing.old && terms.old].filter(Boolean)
  return new VarveError('refused', `no commit is known to be ${what}`, {
    hint: `varve bisect ${what} COMMIT says it`,
  })
}

function undone(
  { base, good }: Extract<BisectStep, { kind: 'undone' }>,
  terms: BisectTerms,
): VarveError {
  const names = good.map((id) => shortId(id)).join(', ')
  return new VarveError(
    'refused',
    `${shortId(base)} is ${terms.new} and comes before ${names}, which ${good.length === 1 ? 'is' : 'are'} ${terms.old}`,
    {
      data: { base, good },
      hint: `to find what took it back, begin with the terms the other way round: varve bisect start --term-old=${terms.new} --term-new=${terms.old}`,
    },
  )
}

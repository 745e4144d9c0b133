import { readCommit } from '../../../src/core/commit.ts'
import { hasCode } from '../../../src/core/errors.ts'
import type { Id } from '../../../src/core/id.ts'
import { type OpenedRepository, openRepository } from '../../../src/library/open-repository.ts'
import { headState } from '../../../src/plumbing/head.ts'
import { type IndexState, readStoredIndex } from '../../../src/plumbing/index-state.ts'
import { fsck } from '../../../src/porcelain/fsck.ts'
import { writeSeries } from '../../../src/porcelain/write-series.ts'
import { table } from '../../support/tables.ts'
import { forgetOpenFiles, MOUNT, mount } from './attach.ts'
import type { ModelDisk } from './disk.ts'
import type { CutState } from './power-cut.ts'

export const WORK = `${MOUNT}/book`
export const SCRATCH = '/book/.varve/tmp/'

export const ann = { name: 'Ann', email: 'ann@example.com' }

/** Opens the repository that workloads use, an hour after 2023-11-14T22:13:20Z for each `hour`. */
export function openWork(hour: number, create = false): Promise<OpenedRepository> {
  const now = () => new Date((1_700_000_000 + hour * 3600) * 1000)
  return openRepository(WORK, { author: ann, now, create })
}

/** What a repository says of itself. */
export interface Said {
  readonly tip: Id | undefined
  readonly branch: string | undefined
  /** The tree that the index holds, where it holds one. */
  readonly staged: Id | undefined
  /** Every ref and the commit it leads to, in a line each. */
  readonly refs: string
}

export async function said(repo: OpenedRepository): Promise<Said> {
  const { ref: branch, id: tip } = await headState(repo)
  const state = (await readStoredIndex(repo)).state as IndexState | undefined
  const { refs } = await repo.refs.state()
  const lines = [...refs].map(([name, id]) => `${name} ${id}`).sort()
  return { tip, branch, staged: state?.tree, refs: lines.join('\n') }
}

/** What came of starting again on a disk: what is there, or what is wrong. */
export type Outcome = { readonly said: Said } | { readonly wrong: string }

/**
 * What a user does after a power cut: opens the repository, checks all of it, commits, and finds
 * the commit. Nothing is removed or unlocked before.
 */
export async function startAgain(disk: ModelDisk): Promise<Outcome> {
  mount(disk)
  try {
    const repo = await openWork(1000)
    const before = await said(repo)
    const problems: string[] = []
    for await (const found of fsck(repo)) if (found.kind === 'problem') problems.push(found.message)
    if (problems.length > 0) return { wrong: `fsck: ${problems.join('; ')}` }
    const { commit } = await writeSeries(repo, {
      series: 'afterwards',
      input: table('t,v\n1,1\n'),
      create: true,
      commit: repo.signed('after the power cut'),
    })
    await repo.close()
    const again = await openWork(1001)
    const after = await said(again)
    if (commit === undefined || after.tip !== commit)
      return { wrong: 'the next commit is not there' }
    const { parents } = await readCommit(again.objects, commit)
    if (parents[0] !== before.tip) return { wrong: 'the next commit does not follow the last' }
    await again.close()
    return { said: before }
  } catch (error) {
    if (hasCode(error, 'not-a-repository')) return { wrong: 'it is no repository' }
    return { wrong: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  } finally {
    mount(undefined)
    forgetOpenFiles()
  }
}

type Kind = 'kind' | 'list' | 'content'
interface Question {
  readonly kind: Kind
  readonly path: string
}

interface Branch {
  readonly question: Question
  readonly answers: Map<string, Branch | Outcome>
}

const isBranch = (node: Branch | Outcome): node is Branch => 'question' in node

/**
 * Starts again on states, but only once on those that it cannot tell apart: what comes of it follows
 * from the answers that the disk gives to its questions (what is at a path, its names, its bytes). A
 * state that answers all the questions of an earlier one in the same way has the same outcome.
 */
export class Recoveries {
  /** How often it was really started again. */
  runs = 0
  #root: Branch | Outcome | undefined
  readonly #run: (disk: ModelDisk) => Promise<Outcome>

  constructor(run: (disk: ModelDisk) => Promise<Outcome> = startAgain) {
    this.#run = run
  }

  async outcome(state: CutState): Promise<Outcome> {
    let at: Branch | undefined
    let next = this.#root
    let answer = ''
    const asked = new Set<string>()
    while (next !== undefined && isBranch(next)) {
      at = next
      const { kind, path } = at.question
      asked.add(`${kind} ${path}`)
      answer = state.answer(kind, path)
      next = at.answers.get(answer)
    }
    if (next !== undefined) return next
    const disk = state.disk()
    const questions = new Map<string, Question>()
    disk.onQuestion = (kind, path) => {
      const key = `${kind} ${path}`
      if (!questions.has(key)) questions.set(key, { kind, path })
    }
    const outcome = await this.#run(disk)
    this.runs++
    let grown: Branch | Outcome = outcome
    for (const [key, question] of [...questions].reverse()) {
      if (asked.has(key)) continue
      const given = state.answer(question.kind, question.path)
      grown = { question, answers: new Map([[given, grown]]) }
    }
    if (at === undefined) this.#root = grown
    else at.answers.set(answer, grown)
    return outcome
  }
}

import { VarveError } from '../../src/core/errors.ts'
import { hashObject, type Id } from '../../src/core/id.ts'
import type { PlotData, PlotLine } from '../../src/porcelain/plot-data.ts'
import type {
  Action,
  ChangedRow,
  CommitDetail,
  ListedCommit,
  TouchedSeries,
  ViewData,
} from '../../src/porcelain/tui/view-data.ts'

export interface MadeOptions {
  readonly commits?: number
  /** Put into every text. */
  readonly text?: string
  readonly series?: number
  readonly rows?: number
}

const NOW = 1_790_000_000

export function madeId(at: number): Id {
  return hashObject('commit', Buffer.from(`${at}`))
}

/** A history of made commits: some merges, some tags, and a text of the caller's in all that is shown. */
export function madeCommits({ commits = 40, text = '' }: MadeOptions): readonly ListedCommit[] {
  return Array.from({ length: commits }, (_, at): ListedCommit => {
    const parents = [at + 1, ...(at % 7 === 3 ? [at + 3] : [])].filter((parent) => parent < commits)
    return {
      id: madeId(at),
      short: madeId(at).slice(0, 7),
      parents: parents.map(madeId),
      author: `Author ${at % 3}${text}`,
      time: { seconds: NOW - at * 50_000, offsetMinutes: 0 },
      subject: `${text}change ${at}`,
      decorations: at === 0 ? [{ kind: 'head', name: 'HEAD', branch: `main${text}` }] : [],
    }
  })
}

/** A repository that is made up: as much of it as is asked for, always the same. */
export class MadeView implements ViewData {
  readonly title: string
  readonly listed: readonly ListedCommit[]
  readonly acted: Action[] = []
  readonly #options: Required<MadeOptions>

  constructor(options: MadeOptions = {}) {
    this.#options = { commits: 40, text: '', series: 5, rows: 1000, ...options }
    this.title = `made${this.#options.text}`
    this.listed = madeCommits(this.#options)
  }

  async *commits(): AsyncGenerator<readonly ListedCommit[]> {
    for (let at = 0; at < this.listed.length; at += 30) yield this.listed.slice(at, at + 30)
  }

  async *weights(ids: readonly Id[]) {
    for (const [at, id] of ids.entries()) yield [{ id, rows: at % 5 === 4 ? undefined : at * 100 }]
  }

  async detail(id: Id, against: Id | undefined): Promise<CommitDetail> {
    const { text, series } = this.#options
    const commit = this.listed.find((listed) => listed.id === id)
    if (commit === undefined) throw new VarveError('object-not-found', `no ${id}${text}`)
    return {
      id,
      against,
      message: `${commit.subject}\n\n${`${text} more of it. `.repeat(20)}\n`,
      author: `${commit.author} <a@b>`,
      committer: `${commit.author} <a@b>`,
      authored: commit.time,
      committed: commit.time,
      series: Array.from({ length: series }, (_, at) => this.#touched(at)),
      more: 3,
    }
  }

  #touched(at: number): TouchedSeries {
    const { text } = this.#options
    return {
      path: `folder/series-${at}${text}`,
      state: at % 4 === 3 ? 'renamed' : 'changed',
      ...(at % 4 === 3 && { from: `old${text}` }),
      ...{ appended: at * 1000, backfilled: at, revised: 2, deleted: 0, schemaChanges: at % 2 },
      ...{ firstKey: `2026-01-01${text}`, lastKey: `2026-02-01${text}` },
      largest: {
        key: `k${text}`,
        column: `c${text}`,
        old: '1',
        new: `2${text}`,
        change: '+1 (+100 %)',
      },
    }
  }

  async plot({ path, buckets }: { path: string; buckets: number }): Promise<PlotData> {
    const line = (shift: number): PlotLine => {
      const values = Float64Array.from({ length: buckets }, (_, i) => Math.sin(i / 9) + shift)
      const counts = Uint32Array.from({ length: buckets }, () => 1)
      return {
        ...{ low: values, high: values, first: values, last: values },
        ...{ rows: counts, missing: new Uint32Array(buckets), positions: buckets },
        ...{ firstAt: [...counts.keys()], lastAt: [...counts.keys()] },
      }
    }
    const { text } = this.#options
    return {
      path,
      axis: { name: `at${text}`, kind: 'number', type: { kind: 'float64' } as never },
      from: 0,
      to: 100,
      extent: { from: 0, to: 100 },
      columns: ['price', 'volume'].map((name) => ({
        name: name + text,
        unit: `USD${text}`,
        after: line(0),
        before: line(0.5),
      })),
      rows: buckets,
      rowsBefore: buckets,
    }
  }

  async changedRows({ from, count }: { from: number; count: number }) {
    const { text, rows } = this.#options
    const all = Array.from({ length: rows }, (_, at): ChangedRow => {
      const key = `key ${at}${text}`
      const cell = { old: `1${text}`, new: `2${text}`, change: '+1 (+100 %)' }
      return { kind: 'revised', key, keyTexts: [key], cells: [cell, undefined] }
    })
    return { columns: [`price${text}`, 'volume'], rows: all.slice(from, from + count), total: rows }
  }

  async rows({ from, count }: { from: number | 'change'; count: number }) {
    const { text, rows } = this.#options
    const all = Array.from({ length: rows }, (_, at) => [`key ${at}`, `${at}${text}`, text])
    return {
      columns: ['key', `price${text}`, 'note'],
      indexCount: 1,
      isNumber: [false, true, false],
      ...(from === 'change'
        ? { rows: [], marks: [], firstChanged: Math.floor(rows / 2) }
        : { rows: all.slice(from, from + count), marks: [] }),
      total: rows,
    }
  }

  async life() {
    const { text } = this.#options
    const cells = [{ column: `price${text}`, old: '1', new: `2${text}`, change: '+1' }]
    return {
      key: `key${text}`,
      entries: this.listed.slice(0, 4).map((commit) => ({
        ...{ commit, path: `p${text}`, kind: 'revised' as const, cells },
      })),
    }
  }

  async refs() {
    const { text } = this.#options
    return this.listed.slice(0, 3).map(({ id, time, subject }, at) => ({
      ...{ kind: 'branch' as const, name: `branch-${at}${text}`, isHead: at === 0 },
      ...{ id, time, subject },
    }))
  }

  async *touching(_text: string, commits: readonly ListedCommit[]) {
    for (const { id } of commits.slice(20, 22)) yield [id]
  }

  async act(action: Action): Promise<string> {
    this.acted.push(action)
    return `did ${action.kind}`
  }

  async *moved(signal: AbortSignal): AsyncGenerator<void> {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}

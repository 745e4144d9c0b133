import { readCommit } from '../../core/commit.ts'
import { type Id, shortId } from '../../core/id.ts'
import { formatScalar } from '../../core/scalar-text.ts'
import type { Schema } from '../../core/schema.ts'
import { readSeries } from '../../core/series.ts'
import { diffSeriesBatches, diffStat, type RowChange } from '../../core/series-diff.ts'
import { matchSchemas } from '../../core/series-match.ts'
import { lookupPath } from '../../core/tree.ts'
import type { Zone } from '../../core/zone.ts'
import { earlierSeries } from '../../plumbing/earlier-name.ts'
import { treeOf } from '../../plumbing/index-state.ts'
import { formatKey } from '../../plumbing/key-text.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { seriesNotFound } from '../../plumbing/resolve-object-name.ts'
import { zoneOfEither } from '../../plumbing/series-zone.ts'
import { type ComparedColumn, changedCells, comparedColumns } from '../changed-cells.ts'
import { rowsIn } from '../diff.ts'
import { throwIfInterrupted } from '../interruptible.ts'
import { cut, shownCell } from './shown-value.ts'
import type { ChangedRow, ChangedRows, RowsRequest } from './view-data.ts'

/** Rows behind those read last that are kept: pages that are likely to be looked at again. */
const KEPT = 8192

/**
 * Rows that differ, page by page. Where a page follows the one that was asked for last, the comparison goes on
 * from there; for rows further back than some thousand it begins anew.
 */
export class ChangedRowsReader {
  readonly #open: (signal: AbortSignal) => Repository
  #opened: { readonly key: string; readonly rows: OpenRows } | undefined

  /** @param open gives the repository, which ends with the signal */
  constructor(open: (signal: AbortSignal) => Repository) {
    this.#open = open
  }

  async read(request: RowsRequest, signal: AbortSignal): Promise<ChangedRows> {
    const { path, commit, against, from, count } = request
    const key = JSON.stringify([path, commit, against])
    const opened = this.#opened
    // Who asks before this is answered begins anew, and so does who asks after it failed.
    this.#opened = undefined
    const goesOn = opened?.key === key && opened.rows.begins <= from
    const stop = new AbortController()
    const end = () => (goesOn ? opened.rows.stop : stop).abort()
    signal.addEventListener('abort', end)
    try {
      throwIfInterrupted(signal)
      const rows = goesOn ? opened.rows : await openRows(this.#open(stop.signal), request, stop)
      const page = await rows.read(from, count)
      this.#opened = { key, rows }
      return page
    } finally {
      signal.removeEventListener('abort', end)
    }
  }
}

/** How two versions of a series compare, and what it takes to show it. */
interface Versions {
  readonly schema: Schema
  readonly columns: readonly ComparedColumn[]
  readonly zone: Zone | undefined
  readonly total: number
}

async function openRows(
  repo: Repository,
  request: RowsRequest,
  stop: AbortController,
): Promise<OpenRows> {
  const { objects } = repo
  const { path, commit } = request
  const { before, tree, old, fresh } = await versionsAt(repo, request)
  const was = old === undefined ? undefined : await readSeries(objects, old)
  const is = fresh === undefined ? undefined : await readSeries(objects, fresh)
  const schema = (is ?? was)?.schema
  if (schema === undefined) throw await seriesNotFound(repo, tree, path, shortId(commit))
  const changes = was && is ? (await matchSchemas(objects, was, is)).changes : []
  const versions = {
    schema,
    columns: comparedColumns(was?.schema, is?.schema, changes),
    zone: await zoneOfEither(objects, [tree, before], path),
    total: rowsIn(await diffStat(objects, old, fresh)),
  }
  return new OpenRows(versions, diffSeriesBatches(objects, old, fresh), stop)
}

/** The series of that name at a commit, and what it was in the one to compare it with; and both trees. */
export async function versionsAt(
  { objects }: Repository,
  { path, commit, against }: Pick<RowsRequest, 'path' | 'commit' | 'against'>,
): Promise<{ before: Id; tree: Id; old: Id | undefined; fresh: Id | undefined }> {
  const { tree } = await readCommit(objects, commit)
  const before = await treeOf(objects, against)
  const seriesIn = async (id: Id) => {
    const entry = await lookupPath(objects, id, path)
    return entry?.kind === 'series' ? entry.id : undefined
  }
  const fresh = await seriesIn(tree)
  if (fresh === undefined) return { before, tree, old: await seriesIn(before), fresh }
  const old = await earlierSeries(objects, before, tree, { path, series: fresh })
  return { before, tree, old: old?.series, fresh }
}

class OpenRows {
  /** The first row that is still here. */
  begins = 0
  readonly stop: AbortController
  readonly #versions: Versions
  readonly #batches: AsyncIterator<readonly RowChange[]>
  #rows: RowChange[] = []

  constructor(versions: Versions, batches: AsyncGenerator<RowChange[]>, stop: AbortController) {
    this.#versions = versions
    this.#batches = batches
    this.stop = stop
  }

  async read(from: number, count: number): Promise<ChangedRows> {
    const { columns, total } = this.#versions
    while (this.begins + this.#rows.length < from + count) {
      const next = await this.#batches.next()
      if (next.done) break
      const away = Math.max(0, Math.min(this.#rows.length, from - KEPT - this.begins))
      this.#rows = [...this.#rows.slice(away), ...next.value]
      this.begins += away
    }
    const at = from - this.begins
    return {
      columns: columns.map(({ name }) => name),
      rows: this.#rows.slice(at, at + count).map((row) => this.#shown(row)),
      total,
    }
  }

  #shown(row: RowChange): ChangedRow {
    const { schema, columns, zone } = this.#versions
    const cells = new Map(changedCells(columns, row).map((cell) => [cell.name, cell]))
    return {
      kind: row.class,
      key: cut(formatKey(schema, row.key, zone)),
      keyTexts: row.key.map((value, i) => formatScalar(value, schema.columns[i]!.type, zone)),
      cells: columns.map(({ name }) => {
        const cell = cells.get(name)
        return cell && shownCell(cell, zone)
      }),
    }
  }
}

import type { Scalar } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { readCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { encodeKeyPrefix } from '../core/key.ts'
import type { ObjectReader } from '../core/objects.ts'
import {
  type QualityBreak,
  QualityCheck,
  revisionBreak,
  staleBreak,
} from '../core/quality-check.ts'
import { type ColumnQuality, qualityRules, rulesFor } from '../core/quality-rules.ts'
import { formatScalar } from '../core/scalar-text.ts'
import type { Schema } from '../core/schema.ts'
import { lastKey, readSeries } from '../core/series.ts'
import { diffSeries } from '../core/series-diff.ts'
import { readRows } from '../core/series-read.ts'
import { diffTrees, lookupPath, settingsFor, walkTree } from '../core/tree.ts'
import { headState } from '../plumbing/head.ts'
import { treeOf } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveCommit } from '../plumbing/resolve-revision.ts'
import { type ResolvedTree, resolveTreeAt, type SeriesName } from '../plumbing/resolve-series.ts'
import { throwIfInterrupted } from './interruptible.ts'
import { selectSeries } from './select-series.ts'
import { changedSeries } from './tree-stat.ts'

/** Where a series breaks a rule that its settings have. */
export interface SeriesBreak extends QualityBreak {
  readonly series: string
  readonly schema: Schema
}

export interface ValidateOptions extends Omit<SeriesName, 'name'> {
  /** Series and collections; all unless given. */
  readonly names?: readonly string[] | undefined
  /** Nanoseconds since 1970, for `stale-after`. */
  readonly nowNs: bigint
  /** Told of each series that has rules. */
  readonly onSeries?: ((path: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Where series break the rules that the setting `quality` gives them: all rows as they are at a
 * revision (what the next commit will hold unless given), and what it revised of the commit before.
 */
export async function* validate(
  repo: Repository,
  options: ValidateOptions,
): AsyncGenerator<SeriesBreak, void, void> {
  const at = await resolveTreeAt(repo, options)
  const before = await treeBefore(repo, at, options)
  const { names = [], signal } = options
  const selected =
    names.length === 0 ? undefined : await selectSeries(repo, [at.tree], names, at.where)
  for await (const { path, entry } of walkTree(repo.objects, at.tree)) {
    throwIfInterrupted(signal)
    if (selected !== undefined && !selected.has(path)) continue
    const { schema, rules } = await rulesAt(repo.objects, at.tree, path, entry.id)
    if (rules.size === 0) continue
    options.onSeries?.(path)
    const place = { series: path, schema }
    for await (const found of allBreaks(repo.objects, entry.id, rules)) {
      throwIfInterrupted(signal)
      yield { ...place, ...found }
    }
    const old = await lookupPath(repo.objects, before, path)
    if (old?.kind === 'series') {
      for await (const found of revisions(repo.objects, old.id, entry.id, rules)) {
        yield { ...place, ...found }
      }
    }
    const stale = await staleness(repo.objects, entry.id, rules, options.nowNs)
    if (stale !== undefined) yield { ...place, ...stale }
  }
}

/** The tree that revisions are counted from: that of the commit before, or of HEAD for the index. */
async function treeBefore(
  repo: Repository,
  at: ResolvedTree,
  options: ValidateOptions,
): Promise<Id> {
  const { rev, asOf } = options
  if (rev === undefined && asOf === undefined && at.commit === undefined) {
    return treeOf(repo.objects, (await headState(repo)).id)
  }
  const id = at.commit ?? (await resolveCommit(repo, rev ?? 'HEAD', options))
  const { shallow } = await repo.refs.state()
  const [parent] = shallow.has(id) ? [] : (await readCommit(repo.objects, id)).parents
  return treeOf(repo.objects, parent)
}

/**
 * Where a change from one tree to another breaks rules that hold in the latter: of series that it
 * changes, the rows that it changes and their neighbours. Not whether series are stale, as that is
 * nobody's doing.
 */
export async function* changeBreaks(
  reader: ObjectReader,
  before: Id,
  after: Id,
): AsyncGenerator<SeriesBreak, void, void> {
  for await (const change of diffTrees(reader, before, after)) {
    const { old, new: fresh } = changedSeries(change)
    if (fresh === undefined) continue
    const { path: series } = change
    const { schema, rules } = await rulesAt(reader, after, series, fresh)
    if (rules.size === 0) continue
    const found =
      old === undefined ? allBreaks(reader, fresh, rules) : changedBreaks(reader, old, fresh, rules)
    for await (const one of found) yield { series, schema, ...one }
    if (old === undefined) continue
    for await (const one of revisions(reader, old, fresh, rules)) yield { series, schema, ...one }
  }
}

export interface CheckQualityOptions {
  readonly onBreak?: ((found: SeriesBreak) => void) | undefined
}

/**
 * Asked whether a change from one tree to another may be committed, with what has the objects of both; throws if
 * not.
 */
export type CheckChange = (before: Id, after: Id, reader: ObjectReader) => Promise<void>

/** Breaks that are told one by one; of more it is only said that there are. */
const MOST_TOLD = 1000

/** `refused`, with the breaks in `data`, where a change from one tree to another breaks rules. */
export async function checkQuality(
  reader: ObjectReader,
  before: Id,
  after: Id,
  { onBreak }: CheckQualityOptions = {},
): Promise<void> {
  const breaks: SeriesBreak[] = []
  for await (const found of changeBreaks(reader, before, after)) {
    breaks.push(found)
    onBreak?.(found)
    if (breaks.length === MOST_TOLD) break
  }
  const [first] = breaks
  if (first === undefined) return
  const more = breaks.length === 1 ? '' : ` (and ${breaks.length - 1} more)`
  throw new VarveError('refused', `it breaks a quality rule: ${breakText(first)}${more}`, {
    data: { breaks: breaks.map(breakJson) },
    hint: '--no-verify commits all the same; varve schema shows the rules',
  })
}

/** `brent-daily 2020-04-20: Price is -36.98; range: at least 0`. */
export function breakText(found: SeriesBreak): string {
  const { series, schema, column, rule, key, value, before, limit } = found
  const show = (scalar: Scalar): string => shown(found, scalar) ?? 'null'
  const at = key === undefined ? '' : ` ${keyTexts(schema, key).join(', ')}`
  const after = before === undefined ? '' : ` after ${show(before)}`
  return `${series}${at}: ${column} is ${show(value)}${after}; ${rule}: ${limit}`
}

export function breakJson(found: SeriesBreak) {
  const { series, schema, column, rule, key, value, before, limit } = found
  return {
    series,
    column,
    rule,
    key: key === undefined ? null : keyTexts(schema, key),
    value: shown(found, value),
    ...(before !== undefined && { before: shown(found, before) }),
    limit,
  }
}

/** A value of the column that breaks a rule, as text. */
function shown({ schema, column }: SeriesBreak, value: Scalar): string | null {
  if (value === null) return null
  return formatScalar(value, schema.columns.find(({ name }) => name === column)!.type)
}

function keyTexts({ columns }: Schema, key: readonly Scalar[]): string[] {
  return key.map((part, at) => formatScalar(part, columns[at]!.type))
}

async function rulesAt(reader: ObjectReader, tree: Id, path: string, id: Id) {
  const rules = qualityRules(await settingsFor(reader, tree, path))
  const { schema } = await readSeries(reader, id)
  return {
    schema,
    rules: rules.size === 0 ? new Map<string, ColumnQuality>() : rulesFor(rules, schema),
  }
}

type Rules = ReadonlyMap<string, ColumnQuality>

async function* allBreaks(
  reader: ObjectReader,
  id: Id,
  rules: Rules,
  range: Parameters<typeof readRows>[2] = {},
): AsyncGenerator<QualityBreak, void, void> {
  const series = await readSeries(reader, id)
  const check = new QualityCheck(series.schema, rules)
  for await (const frame of readRows(reader, series, { ...range, columns: check.columns })) {
    yield* check.rows(frame)
  }
}

/** What rows that differ break by themselves, and what they and their neighbours did not break before. */
async function* changedBreaks(
  reader: ObjectReader,
  old: Id,
  fresh: Id,
  rules: Rules,
): AsyncGenerator<QualityBreak, void, void> {
  const { schema } = await readSeries(reader, fresh)
  const was = await readSeries(reader, old)
  const isKnown = (name: string) => was.schema.columns.some((column) => column.name === name)
  // Rows that were there do not differ by having no value in a column that is new.
  const added = new Map([...rules].filter(([name, { notNull }]) => notNull && !isKnown(name)))
  const isOfAdded = ({ column, rule }: QualityBreak) => rule === 'not-null' && added.has(column)
  if (added.size > 0) {
    for await (const found of allBreaks(reader, fresh, added)) if (isOfAdded(found)) yield found
  }
  const check = new QualityCheck(schema, rules)
  let first: readonly Scalar[] | undefined
  let last: readonly Scalar[] | undefined
  for await (const { key, new: values } of diffSeries(reader, old, fresh)) {
    first ??= key
    last = key
    if (values === undefined) continue
    for (const found of check.row([...key, ...values])) if (!isOfAdded(found)) yield found
  }
  if (first === undefined || last === undefined || !check.comparesRows) return
  const sameIndex = schema.columns
    .slice(0, schema.indexCount)
    .every(({ type }, at) => was.schema.columns[at]?.type === type)
  const oldRules = new Map([...rules].filter(([name]) => isKnown(name)))
  const known = new Set<string>()
  if (sameIndex) {
    const window = await around(reader, old, first, last)
    for await (const found of allBreaks(reader, old, oldRules, window)) known.add(nameOf(found))
  }
  for await (const found of allBreaks(
    reader,
    fresh,
    rules,
    await around(reader, fresh, first, last),
  )) {
    if (found.rule !== 'monotonic' && found.rule !== 'max-gap') continue
    if (!known.has(nameOf(found))) yield found
  }
}

function nameOf({ column, rule, key, value, before }: QualityBreak): string {
  return [column, rule, ...(key ?? []), value, before].map(String).join('\0')
}

/** The rows from the one before a key to the one after another. */
async function around(
  reader: ObjectReader,
  id: Id,
  first: readonly Scalar[],
  last: readonly Scalar[],
): Promise<Parameters<typeof readRows>[2]> {
  const series = await readSeries(reader, id)
  const types = series.schema.columns.slice(0, series.schema.indexCount).map(({ type }) => type)
  const from = encodeKeyPrefix(types, first)
  const to = encodeKeyPrefix(types, last)
  const keyOf = async (range: Parameters<typeof readRows>[2]): Promise<Uint8Array | undefined> => {
    for await (const { columns, rows } of readRows(reader, series, { ...range, columns: [] })) {
      if (rows === 0) continue
      const values = columns.slice(0, types.length).map((column) => scalarAt(column, rows - 1))
      return encodeKeyPrefix(types, values)
    }
    return undefined
  }
  const before = await keyOf({ to: { key: from, inclusive: false }, tail: 1 })
  const after = await keyOf({ from: { key: to, inclusive: false }, limit: 1 })
  return {
    from: { key: before ?? from, inclusive: true },
    to: { key: after ?? to, inclusive: true },
  }
}

async function* revisions(
  reader: ObjectReader,
  old: Id,
  fresh: Id,
  rules: Rules,
): AsyncGenerator<QualityBreak, void, void> {
  if (![...rules.values()].some(({ maxRevision }) => maxRevision !== undefined)) return
  const [was, is] = [await readSeries(reader, old), await readSeries(reader, fresh)]
  const places = is.schema.columns.slice(is.schema.indexCount).flatMap(({ name }, at) => {
    const quality = rules.get(name)
    const before = was.schema.columns.slice(was.schema.indexCount).findIndex((c) => c.name === name)
    return quality?.maxRevision !== undefined && before >= 0 ? [{ name, quality, at, before }] : []
  })
  for await (const change of diffSeries(reader, old, fresh)) {
    if (change.class !== 'revised') continue
    for (const { name, quality, at, before } of places) {
      const found = revisionBreak(name, quality, change.key, change.old![before]!, change.new![at]!)
      if (found !== undefined) yield found
    }
  }
}

async function staleness(
  reader: ObjectReader,
  id: Id,
  rules: Rules,
  nowNs: bigint,
): Promise<QualityBreak | undefined> {
  const series = await readSeries(reader, id)
  const column = series.schema.columns[0]!
  const quality = rules.get(column.name)
  if (quality?.staleAfter === undefined || series.rows === 0) return undefined
  const last = lastKey(series)
  return last && staleBreak(column, quality, last, nowNs)
}

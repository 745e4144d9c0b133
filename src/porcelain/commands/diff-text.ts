import type { Style } from '../../cli/style.ts'
import { canWiden } from '../../core/column-ops.ts'
import type { VarveError } from '../../core/errors.ts'
import { schemaToJson } from '../../core/schema-codec.ts'
import { formatCounts } from '../../core/series-counts.ts'
import type { ChangeClass, RowChange } from '../../core/series-diff.ts'
import type { Settings } from '../../core/settings.ts'
import { formatKey, keyToJson } from '../../plumbing/key-text.ts'
import { readablePath } from '../../plumbing/quote-path.ts'
import { schemaChangeText, schemaLine } from '../change-summary.ts'
import { changedCells } from '../changed-cells.ts'
import { constantText } from '../constant-change.ts'
import type { DiffItem, FileDiff, RowsDiff, SeriesDiff } from '../diff.ts'
import { cellsJson, cellsText, type TextLimits } from '../value-text.ts'

/** What a person is shown of a diff unless they ask for all of it. */
export const TERMINAL_ROWS = 20
export const TERMINAL_SERIES = 50
const TERMINAL_LIMITS: TextLimits = { value: 60, cells: 8 }
const KEY_WIDTH = 40

/** The lines of one item of a diff. */
export function diffItemText(item: DiffItem, style: Style, limited: boolean): string {
  switch (item.kind) {
    case 'series':
      return seriesLines(item, style).join('\n')
    case 'rows':
      return rowLines(item, style, limited ? TERMINAL_LIMITS : {}).join('\n')
    case 'more':
      return style.dim(`  … ${item.rows.toLocaleString('en-US')} more: --all`)
    case 'more-series':
      return style.dim(`… the rows of ${item.series.toLocaleString('en-US')} more series: --all`)
    case 'file':
      return fileLine(item, style)
  }
}

function seriesLines(series: SeriesDiff, style: Style): string[] {
  const { path, of, state, stat, settings } = series
  const shown = readablePath(of === 'collection' ? `${path}/` : path)
  const { from, constant = [] } = series
  const name = style.bold(from === undefined ? shown : `${readablePath(from)} → ${shown}`)
  const paint = { new: style.green, deleted: style.red, renamed: style.magenta }
  const words = [
    ...(state === 'changed' ? [] : [paint[state](state)]),
    ...(stat === undefined || of === 'collection' ? [] : [formatCounts(stat)]),
  ]
  const lines = [words.length === 0 ? name : `${name}  ${words.join('  ')}`]
  if (state === 'new' && series.new !== undefined) {
    lines.push(`  ${schemaLine(schemaToJson(series.new))}`)
  }
  for (const change of series.schemaChanges) {
    const isWidened = change.kind === 'retyped' && canWiden(change.from, change.to)
    lines.push(`  ${style.magenta(schemaChangeText(change))}${isWidened ? ' (widened)' : ''}`)
  }
  for (const one of constant) {
    lines.push(`  ${style.magenta(`${one.column}: ${constantText(one)}`)}`)
  }
  if (settings !== undefined) {
    for (const line of settingLines(settings)) lines.push(`  ${style.magenta(line)}`)
  }
  return lines
}

function settingLines({ old, new: fresh }: NonNullable<SeriesDiff['settings']>): string[] {
  const keys = new Set([...(old?.keys() ?? []), ...(fresh?.keys() ?? [])])
  const text = (settings: Settings | undefined, key: string) => {
    const value = settings?.get(key)
    return value === undefined ? 'none' : JSON.stringify(value)
  }
  return [...keys].flatMap((key) => {
    const [was, is] = [text(old, key), text(fresh, key)]
    return was === is ? [] : [`setting ${key}: ${was} → ${is}`]
  })
}

function rowLines({ series, rows }: RowsDiff, style: Style, limits: TextLimits): string[] {
  const keys = rows.map((row) => keyTextOf(series, row))
  const width = Math.min(KEY_WIDTH, Math.max(...keys.map((key) => key.length)))
  return rows.map((row, at) => {
    const label = colourClass(row.class, row.class.padEnd(10), style)
    const cells = cellsText(changedCells(series.columns, row), limits)
    return `  ${label}  ${keys[at]!.padEnd(width)}  ${cells}`.trimEnd()
  })
}

function keySchema(series: SeriesDiff, row: RowChange) {
  return (row.class === 'deleted' ? series.old : series.new)!
}

function keyTextOf(series: SeriesDiff, row: RowChange): string {
  return formatKey(keySchema(series, row), row.key, series.zone)
}

export function colourClass(change: ChangeClass, text: string, style: Style): string {
  switch (change) {
    case 'appended':
      return style.green(text)
    case 'backfilled':
      return style.cyan(text)
    case 'revised':
      return style.yellow(text)
    case 'deleted':
      return style.red(text)
  }
}

/** `brent-daily.csv  missing`, or what is wrong with it and where. */
export function fileLine({ file }: FileDiff, style: Style): string {
  if (file.state === 'unreadable') {
    return `${style.red(file.state)}  ${faultText(file.file, file.fault)}`
  }
  return `${style.bold(readablePath(file.file))}  ${style.red(file.state)}`
}

/** What is wrong in a file; most messages begin with its name. */
export function faultText(file: string, { message }: VarveError): string {
  return message.startsWith(file) ? message : `${readablePath(file)}: ${message}`
}

/** The documents of one item: a row each, what is said of a series before its rows. */
export function diffItemJson(item: DiffItem): unknown[] {
  switch (item.kind) {
    case 'series':
      return [seriesJson(item)]
    case 'rows':
      return item.rows.map((row) => {
        const cells = changedCells(item.series.columns, row)
        return {
          series: item.series.path,
          change: row.class,
          key: keyToJson(keySchema(item.series, row), row.key, item.series.zone),
          ...(row.old && { old: cellsJson(cells, 'old') }),
          ...(row.new && { new: cellsJson(cells, 'new') }),
        }
      })
    case 'file':
      return [fileJson(item)]
    default:
      return []
  }
}

function seriesJson({ path, of, state, from, schemaChanges, settings, ...series }: SeriesDiff) {
  return {
    [of]: path,
    change: state,
    ...(from !== undefined && { from }),
    ...(state === 'new' && series.new && { schema: schemaToJson(series.new) }),
    ...(schemaChanges.length > 0 && { schemaChanges }),
    ...(settings && { settings: { old: settings.old ?? null, new: settings.new ?? null } }),
  }
}

export function fileJson({ file }: FileDiff) {
  return {
    series: file.series,
    change: file.state,
    file: file.file,
    ...(file.state === 'unreadable' && { reason: file.fault.message, data: file.fault.data }),
  }
}

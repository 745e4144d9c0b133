import type { Context } from '../../cli/context.ts'
import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import type { Style } from '../../cli/style.ts'
import { parseWhen } from '../../core/commit-date.ts'
import { refuseSeriesFile } from '../../plumbing/find-tables.ts'
import { splitName } from '../../plumbing/resolve-series.ts'
import { count } from '../change-summary.ts'
import { axisText } from '../chart/axis-text.ts'
import { chartSvg, SVG_BUCKETS } from '../chart/chart-svg.ts'
import {
  type ChartLine,
  type ChartRole,
  chartBuckets,
  chartPanels,
  drawChart,
} from '../chart/draw-chart.ts'
import { describeAsOf } from '../describe-as-of.ts'
import type { PlotData } from '../plot-data.ts'
import { plotJson } from '../plot-json.ts'
import { plotSeries } from '../plot-series.ts'
import { boundsOf, boundsOptions } from './bounds-options.ts'
import { parseColumns } from './reading-options.ts'
import { versionOptions } from './version-options.ts'

type Plotted =
  | { readonly kind: 'chart'; readonly plot: PlotData; readonly lines: readonly ChartLine[] }
  | { readonly kind: 'picture'; readonly file: string; readonly bytes: number }

export const plotCommand = defineCommand({
  name: 'plot',
  usage: 'plot [<options>] [<rev>:]<series>',
  summary: 'Draw the values of a series as a chart',
  description: [
    'Draws the value columns of numbers over the first index column, one above the other, with as much',
    'detail as there is room for: of the rows that fall on one place the smallest and the largest value',
    'are drawn, so that no extreme is lost. A line is not drawn across rows without a value, nor where',
    'rows seem to be missing.',
    '',
    '--vs REV lays another version beside it: dotted what was there, solid what is here now, so that they',
    'are told apart without colours; where they are the same there is one line. --changes shows the',
    'range around what differs.',
    '',
    'The chart is as large as the terminal, or 80 by 24. --svg writes a picture, light or dark as who',
    'looks at it has it. --json gives the numbers that are drawn. The unit behind the name of a column is',
    'what the setting display says, as in display=\'{"Price": {"unit": "USD"}}\'.',
  ].join('\n'),
  examples: [
    { command: 'varve plot brent-daily', about: 'all of it' },
    { command: 'varve plot brent-daily --from 2022-10 --to 2022-11', about: 'two months' },
    {
      command: 'varve plot brent-daily --vs HEAD~1 --changes',
      about: 'what the last commit did',
    },
    { command: 'varve plot brent-daily --as-of 2022-11-01 --svg brent.svg', about: 'a picture' },
  ],
  options: (y) =>
    boundsOptions(
      versionOptions(
        y.positional('series', { type: 'string', demandOption: true, complete: 'series' }),
        'bounds and of the axis',
      )
        .option('vs', {
          value: 'rev',
          complete: 'revision',
          describe: 'The version to lay beside it: a revision, or REV:SERIES',
        })
        .option('changes', {
          type: 'boolean',
          describe: 'The range around what differs from --vs',
        })
        .option('columns', {
          alias: ['select', 'c'],
          array: true,
          value: 'names',
          coerce: parseColumns,
          describe: 'Only these value columns, in this order, separated by commas',
        })
        .option('width', {
          type: 'number',
          value: 'n',
          describe: 'Characters in a line; as the terminal has, or 80',
        })
        .option('height', {
          type: 'number',
          value: 'n',
          describe: 'Lines; as the terminal has, or 24',
        })
        .option('ascii', { type: 'boolean', describe: 'Draw with # . * instead of braille' })
        .option('svg', { value: 'file', describe: 'Write a picture to this file' })
        .option('force', { type: 'boolean', describe: 'Write the picture over a file' })
        .conflicts('changes', 'from', 'to', 'at')
        .conflicts('svg', 'width', 'height', 'ascii'),
    ),
  run: async (args, context): Promise<Plotted | Uint8Array> => {
    if (args.changes && args.vs === undefined) {
      throw usageError('--changes needs a version to compare with', 'as in --vs HEAD~1 --changes')
    }
    const size = sizeOf(args, context)
    const marks = args.ascii || hasNoBraille(context) ? 'ascii' : 'braille'
    const file = args.svg
    const repo = await context.repository()
    if (file !== undefined && file !== '-' && !args.force) {
      await refuseSeriesFile(repo, { given: file, absolute: context.resolve(file) })
    }
    const now = context.now()
    const progress = context.progress({ label: 'reading', unit: 'rows' })
    const plot = await plotSeries(repo, {
      name: args.series,
      now,
      ...given({
        rev: args.rev,
        asOf: args.asOf === undefined ? undefined : parseWhen(args.asOf, now),
        against: args.vs,
        columns: args.columns.length === 0 ? undefined : args.columns.flat(),
        zone: args.tz,
      }),
      range: args.changes ? 'change' : boundsOf(args),
      buckets: file === undefined ? chartBuckets(size.width, marks) : SVG_BUCKETS,
      onRows: (rows) => progress.add(rows),
      signal: context.abort,
    }).finally(() => progress.done())
    if (plot.columns.length === 0) {
      throw usageError(`${plot.path} has no column of numbers`, `varve read ${plot.path} shows it`)
    }
    if (plot.asOf !== undefined) context.note(describeAsOf(plot.asOf))
    if (args.vs !== undefined && plot.against === undefined) {
      context.note(`${plot.path} is not in ${args.vs}: there is nothing to lay beside it`)
    }
    const names = {
      before: args.vs ?? 'before',
      after: args.rev ?? splitName({ name: args.series }).rev ?? args.asOf ?? 'now',
    }
    if (file !== undefined) {
      const svg = Buffer.from(chartSvg(plot, { names }))
      if (file === '-') return svg
      const bytes = await context.writeFile(context.resolve(file), once(svg))
      return { kind: 'picture', file, bytes }
    }
    const left = plot.columns.length - chartPanels(size.height - 1)
    if (left > 0 && !context.json) {
      context.note(`${count(left, 'column')} more: --columns NAME shows it, --height makes room`)
    }
    const chart = drawChart(plot, { width: size.width, height: size.height - 1, marks, names })
    return { kind: 'chart', plot, lines: chart }
  },
  toText: (result, style) => {
    if (result instanceof Uint8Array) return ''
    if (result.kind === 'picture') return `${result.file}: ${count(result.bytes, 'byte')}`
    const lines = result.lines.map((line) => painted(line, style))
    return [heading(result.plot, style), ...lines].join('\n')
  },
  toJson: (result) => {
    if (result instanceof Uint8Array || result.kind === 'picture') return result
    return plotJson(result.plot)
  },
  pager: ({ svg }) => svg === undefined,
})

const DEFAULT_HEIGHT = 24
/** Lines of a terminal that are left for the prompt and what was typed. */
const PROMPT_LINES = 2

function sizeOf(
  args: { readonly width: number | undefined; readonly height: number | undefined },
  context: Context,
): { width: number; height: number } {
  const screen = context.stdoutIsTerminal
    ? { width: context.screenColumns, height: context.screenRows - PROMPT_LINES }
    : { width: context.screenColumns, height: DEFAULT_HEIGHT }
  return {
    width: checked('--width', args.width ?? Math.max(LEAST_WIDTH, screen.width), LEAST_WIDTH, 2000),
    height: checked(
      '--height',
      args.height ?? Math.max(LEAST_LINES, screen.height),
      LEAST_LINES,
      1000,
    ),
  }
}

const LEAST_WIDTH = 30
const LEAST_LINES = 6

function checked(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw usageError(`${option} takes a whole number from ${least} to ${most}, not ${value}`)
}

/** The consoles that are known to have no braille. */
function hasNoBraille(context: Context): boolean {
  const terminal = context.env('TERM')
  return context.stdoutIsTerminal && (terminal === 'linux' || terminal === 'dumb')
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function heading(plot: PlotData, style: Style): string {
  const rows = plot.rows > 0 || plot.rowsBefore === undefined ? plot.rows : plot.rowsBefore
  const range = rows === 0 ? '' : `${axisText(plot, 0)} to ${axisText(plot, 1)}, `
  return `${style.bold(plot.path)}  ${range}${count(rows, 'row')}`
}

const colours: Readonly<Record<ChartRole, 'dim' | 'yellow' | 'cyan' | 'magenta' | undefined>> = {
  axis: 'dim',
  label: undefined,
  before: 'yellow',
  after: 'cyan',
  both: undefined,
  gap: 'magenta',
  cursor: undefined,
}

function painted(line: ChartLine, style: Style): string {
  const text = line.map(({ text, role }) => {
    const colour = colours[role]
    return colour === undefined ? text : style[colour](text)
  })
  return text.join('').trimEnd()
}

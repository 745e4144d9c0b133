import type { Style } from '../../cli/style.ts'
import { escapeControl } from '../../core/names.ts'
import type { FetchedRef, FetchResult } from '../fetch.ts'
import type { PushedRef, PushResult } from '../push.ts'
import { short } from './moving.ts'

interface Line {
  readonly flag: string
  readonly summary: string
  readonly from: string
  readonly to: string
  readonly reason: string | undefined
}

/** What a fetch did, in git's words; nothing where nothing happened. */
export function fetchText({ url, refs }: FetchResult, style: Style): string {
  const lines = refs.filter(({ status }) => status !== 'up-to-date').map(fetchedLine)
  return lines.length === 0 ? '' : [`From ${url}`, ...inColumns(lines, style)].join('\n')
}

/** What a push did, in git's words. */
export function pushText(result: PushResult, style: Style): string {
  const { url, refs, following } = result
  const lines = refs.filter(({ status }) => status !== 'up-to-date').map(pushedLine)
  const follows = following.map(
    ({ branch, upstream }) => `branch '${branch}' follows '${upstream}' from now on.`,
  )
  if (lines.length === 0) return ['Everything up-to-date', ...follows].join('\n')
  return [`To ${url}`, ...inColumns(lines, style), ...follows].join('\n')
}

/** A line of `push --porcelain`: flag, from:to, summary, separated by tabs. */
export function pushPorcelain({ url, refs }: PushResult): string {
  const lines = refs.map((ref) => {
    const { flag, summary, reason } = pushedLine(ref)
    const why = reason === undefined ? '' : ` (${reason})`
    return `${flag}\t${ref.source ?? ref.new ?? ''}:${ref.target}\t${summary}${why}`
  })
  return [`To ${url}`, ...lines, 'Done'].join('\n')
}

function inColumns(lines: readonly Line[], style: Style): string[] {
  const widest = (of: (line: Line) => string) => Math.max(...lines.map((line) => of(line).length))
  const summaries = Math.max(
    16,
    widest(({ summary }) => summary),
  )
  const names = widest(({ from }) => from)
  return lines.map(({ flag, summary, from, to, reason }) => {
    const why = reason === undefined ? '' : `  (${escapeControl(reason)})`
    const text = ` ${flag} ${summary.padEnd(summaries)}  ${from.padEnd(names)} -> ${to}${why}`
    return flag === '!' ? style.red(text) : text
  })
}

function fetchedLine(ref: FetchedRef): Line {
  const { source, target, old, new: next, status, reason } = ref
  const name = target ?? source
  const to = target === undefined ? 'FETCH_HEAD' : shortName(target)
  const line = { from: source === undefined ? '(none)' : shortName(source), to, reason }
  switch (status) {
    case 'new':
      return { ...line, flag: '*', summary: `[new ${kindOf(name)}]` }
    case 'fetched':
      return { ...line, flag: '*', summary: kindOf(source), from: line.from }
    case 'pruned':
      return { ...line, flag: '-', summary: '[deleted]' }
    case 'rejected':
      return { ...line, flag: '!', summary: '[rejected]' }
    case 'forced':
      return { ...line, ...forcedUpdate(old, next) }
    case 'up-to-date':
      return { ...line, flag: '=', summary: '[up to date]' }
    default:
      return tagUpdate(target)
        ? { ...line, flag: 't', summary: '[tag update]' }
        : { ...line, flag: ' ', summary: `${short(old)}..${short(next)}` }
  }
}

function pushedLine(ref: PushedRef): Line {
  const { source, target, old, new: next, status, reason } = ref
  const from =
    source === undefined ? (next === undefined ? '(delete)' : short(next)) : shortName(source)
  const line = { from, to: shortName(target), reason }
  switch (status) {
    case 'new':
      return { ...line, flag: '*', summary: `[new ${kindOf(target)}]` }
    case 'deleted':
      return { ...line, flag: '-', summary: '[deleted]' }
    case 'rejected':
      return {
        ...line,
        flag: '!',
        summary: reason?.startsWith('remote rejected') ? '[remote rejected]' : '[rejected]',
        reason: reason?.replace(/^remote rejected: /, ''),
      }
    case 'forced':
      return { ...line, ...forcedUpdate(old, next) }
    case 'up-to-date':
      return { ...line, flag: '=', summary: '[up to date]' }
    case 'fast-forward':
      return { ...line, flag: ' ', summary: `${short(old)}..${short(next)}` }
  }
}

function forcedUpdate(old: string | undefined, next: string | undefined) {
  const summary = `${short(old)}...${short(next)}`
  return { flag: '+', summary, reason: 'forced update' }
}

function tagUpdate(target: string | undefined): boolean {
  return target?.startsWith('refs/tags/') === true
}

function kindOf(ref: string | undefined): string {
  if (ref?.startsWith('refs/tags/')) return 'tag'
  return ref === undefined || /^refs\/(?:heads|remotes)\//.test(ref) ? 'branch' : 'ref'
}

function shortName(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags|remotes)\//, '')
}

import { bindingsIn } from '../bindings.ts'
import { textWidth } from '../safe-text.ts'
import { nameOf, type State, topView, type View } from '../state.ts'
import { drawLine, type Span } from './line.ts'
import type { Look } from './look.ts'

const names: Readonly<Record<View['kind'], string>> = {
  commits: 'commits',
  series: 'series',
  data: 'series',
  refs: 'refs',
  life: 'life',
  message: 'message',
  help: 'help',
}

/** The first line: where one is, and what is going on. */
export function headerLine(state: State, look: Look): string {
  const { title, listing, size, commits, outstanding, acting, mark } = state
  const view = topView(state)
  const trail = view.kind === 'commits' ? '' : ` › ${trailOf(state)}`
  const isReading = [...outstanding.values()].some(({ request }) => request.kind !== 'weights')
  const counted = `${commits.length}${listing.isComplete ? '' : '+'} commits`
  const filter = listing.filterText === '' ? '' : `  only ${listing.filterText}`
  const marked = mark === undefined ? '' : `  compare with ${mark.short}`
  const right = acting !== undefined ? 'working …' : isReading ? 'reading …' : ''
  const spans: Span[] = [
    {
      spans: [
        { text: ` ${title}${look.unicode ? trail : trail.replaceAll('›', '>')}` },
        { text: `  ${counted}${filter}${marked}` },
      ],
      width: size.columns - 12,
    },
    { text: right, width: 11, right: true },
  ]
  return drawLine(spans, { width: size.columns, look, selected: true })
}

function trailOf({ views }: State): string {
  return views
    .slice(1)
    .map((view) => {
      if (view.kind === 'data') return view.path
      if (view.kind !== 'series') return names[view.kind]
      const { commit, against } = view
      return against === undefined ? commit.short : `${against.short}..${commit.short}`
    })
    .join(' › ')
}

/** The last line: what is asked, what was said, or what can be done. */
export function footerLine(state: State, look: Look): string {
  const { columns: width } = state.size
  return drawLine(footerSpans(state), { width, look })
}

function footerSpans(state: State): readonly Span[] {
  const { prompt, message, count } = state
  if (prompt?.kind === 'confirm') {
    return [
      { spans: [{ text: prompt.question, role: 'title' }], width: state.size.columns - 8 },
      { text: ' (y/N) ', role: 'title' },
    ]
  }
  if (prompt !== undefined) {
    const asks = { search: '/', filter: 'only: ', tag: 'tag as: ' }[prompt.kind]
    const help =
      prompt.kind === 'filter' && prompt.text === ''
        ? '  series:NAME author:TEXT since: until: from: to:'
        : ''
    // The end of a long text is what is being typed.
    const shown = [...prompt.text]
      .slice(-Math.max(8, state.size.columns - asks.length - 4))
      .join('')
    return [
      { text: asks, role: 'title' },
      { text: shown },
      { text: ' ', role: 'cursor' },
      message?.isError ? { text: `  ${message.text}`, role: 'error' } : { text: help },
    ]
  }
  if (message !== undefined) {
    return [{ text: message.text, role: message.isError ? 'error' : 'title' }]
  }
  const typed: readonly Span[] = count === '' ? [] : [{ text: `${count} `, role: 'title' }]
  return [...typed, ...hintSpans(state, lengthOf(typed))]
}

/** What keys do, as many as there is room for, in their order: that there is help always. */
function hintSpans(state: State, used: number): readonly Span[] {
  const hints = bindingsIn(nameOf(topView(state)))
    .filter(({ brief }) => brief !== undefined)
    .map(({ shown: keys, brief, command }) => {
      const spans: readonly Span[] = [
        { text: keys.split(' ')[0] ?? keys, role: 'id' },
        { text: ` ${brief}  ` },
      ]
      return { spans, isHelp: command === 'help' }
    })
  const help = hints.find(({ isHelp }) => isHelp)?.spans ?? []
  let room = state.size.columns - used - lengthOf(help)
  const fitting = hints.filter(({ spans, isHelp }) => {
    if (isHelp) return true
    room -= lengthOf(spans)
    return room >= 0
  })
  return fitting.flatMap(({ spans }) => spans)
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { text = '' }) => sum + textWidth(text), 0)
}

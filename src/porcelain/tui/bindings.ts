import type { ViewName } from './state.ts'

export type Command =
  | 'down'
  | 'up'
  | 'page-down'
  | 'page-up'
  | 'half-down'
  | 'half-up'
  | 'first'
  | 'last'
  | 'open'
  | 'back'
  | 'escape'
  | 'next-tab'
  | 'previous-tab'
  | 'cursor-left'
  | 'cursor-right'
  | 'pan-left'
  | 'pan-right'
  | 'zoom-in'
  | 'zoom-out'
  | 'fit'
  | 'fit-change'
  | 'next-column'
  | 'previous-column'
  | 'more-columns'
  | 'fewer-columns'
  | 'scroll-left'
  | 'scroll-right'
  | 'refs'
  | 'message'
  | 'search'
  | 'next-match'
  | 'previous-match'
  | 'filter'
  | 'mark'
  | 'life'
  | 'copy'
  | 'checkout'
  | 'revert'
  | 'tag'
  | 'help'
  | 'refresh'
  | 'suspend'
  | 'interrupt'

export interface Binding {
  readonly command: Command
  readonly keys: readonly string[]
  /** How help writes the keys, where not as they are named. */
  readonly shown: string
  /** The views in which it does something; all unless given. */
  readonly in?: readonly ViewName[]
  readonly help: string
  /** A word or two, for the line at the bottom; those without are only in the help. */
  readonly brief?: string
}

const lists: readonly ViewName[] = ['commits', 'series', 'refs', 'life', 'changes', 'rows']
const texts: readonly ViewName[] = ['message', 'help']
const scrolled: readonly ViewName[] = [...lists, ...texts]
const tables: readonly ViewName[] = ['changes', 'rows']
const data: readonly ViewName[] = ['chart', 'changes', 'rows']
const ofCommit: readonly ViewName[] = [...data, 'commits', 'series', 'life', 'message']

/** Every key of the viewer: what it does, where, and how help says it. Earlier lines win. */
export const bindings: readonly Binding[] = [
  {
    command: 'open',
    keys: ['enter'],
    shown: 'Enter',
    in: ['commits', 'life'],
    help: 'see which series the commit changed',
    brief: 'series',
  },
  {
    command: 'open',
    keys: ['enter'],
    shown: 'Enter',
    in: ['series'],
    help: 'see the chart of the series',
    brief: 'chart',
  },
  {
    command: 'open',
    keys: ['enter'],
    shown: 'Enter',
    in: ['refs'],
    help: 'go to its commit in the list',
    brief: 'go there',
  },
  {
    command: 'next-tab',
    keys: ['tab', 'enter'],
    shown: 'Tab Enter',
    in: ['chart'],
    help: 'next: rows that changed, then rows as they are',
    brief: 'rows',
  },
  {
    command: 'next-tab',
    keys: ['tab'],
    shown: 'Tab',
    in: tables,
    help: 'next: chart, rows that changed, rows as they are',
    brief: 'next',
  },
  {
    command: 'previous-tab',
    keys: ['shift-tab'],
    shown: 'Shift-Tab',
    in: data,
    help: 'back again',
  },
  {
    command: 'life',
    keys: ['t', 'enter'],
    shown: 't Enter',
    in: tables,
    help: 'the life of the row: every value it ever had',
    brief: 'life',
  },
  {
    command: 'life',
    keys: ['t'],
    shown: 't',
    in: ['chart'],
    help: 'the life of the point: every value it ever had',
    brief: 'life',
  },
  { command: 'down', keys: ['j', 'down'], shown: 'j ↓', in: lists, help: 'down' },
  { command: 'down', keys: ['j', 'down'], shown: 'j ↓', in: texts, help: 'down', brief: 'down' },
  { command: 'up', keys: ['k', 'up'], shown: 'k ↑', in: scrolled, help: 'up' },
  {
    command: 'page-down',
    keys: ['space', 'page-down', 'ctrl-f'],
    shown: 'Space',
    in: scrolled,
    help: 'a page down',
  },
  {
    command: 'page-up',
    keys: ['b', 'page-up', 'ctrl-b'],
    shown: 'b',
    in: scrolled,
    help: 'a page up',
  },
  {
    command: 'half-down',
    keys: ['ctrl-d'],
    shown: 'Ctrl-d',
    in: scrolled,
    help: 'half a page down',
  },
  { command: 'half-up', keys: ['ctrl-u'], shown: 'Ctrl-u', in: scrolled, help: 'half a page up' },
  {
    command: 'first',
    keys: ['g', 'home'],
    shown: 'g Home',
    help: 'to the first; with a number to that one',
  },
  {
    command: 'last',
    keys: ['G', 'end'],
    shown: 'G End',
    help: 'to the last; with a number to that one',
  },
  {
    command: 'cursor-right',
    keys: ['right', 'j', 'down', 'space'],
    shown: '→ j',
    in: ['chart'],
    help: 'move the cursor on',
    brief: 'cursor',
  },
  {
    command: 'cursor-left',
    keys: ['left', 'k', 'up', 'b'],
    shown: '← k',
    in: ['chart'],
    help: 'move the cursor back',
  },
  {
    command: 'zoom-in',
    keys: ['+', '='],
    shown: '+',
    in: ['chart'],
    help: 'zoom in at the cursor',
    brief: 'zoom',
  },
  { command: 'zoom-out', keys: ['-', '_'], shown: '-', in: ['chart'], help: 'zoom out' },
  {
    command: 'pan-left',
    keys: ['h'],
    shown: 'h',
    in: ['chart'],
    help: 'pan to earlier',
    brief: 'pan',
  },
  { command: 'pan-right', keys: ['l'], shown: 'l', in: ['chart'], help: 'pan to later' },
  {
    command: 'fit',
    keys: ['f'],
    shown: 'f',
    in: ['chart'],
    help: 'fit all of the series',
    brief: 'fit',
  },
  { command: 'fit-change', keys: ['x'], shown: 'x', in: ['chart'], help: 'fit what changed' },
  {
    command: 'next-column',
    keys: [']'],
    shown: ']',
    in: ['chart'],
    help: 'draw the next column',
    brief: 'column',
  },
  {
    command: 'previous-column',
    keys: ['['],
    shown: '[',
    in: ['chart'],
    help: 'draw the one before',
  },
  { command: 'more-columns', keys: ['}'], shown: '}', in: ['chart'], help: 'a column more' },
  { command: 'fewer-columns', keys: ['{'], shown: '{', in: ['chart'], help: 'a column fewer' },
  {
    command: 'scroll-right',
    keys: ['l', 'right'],
    shown: 'l →',
    in: tables,
    help: 'columns further right',
  },
  {
    command: 'scroll-left',
    keys: ['h', 'left'],
    shown: 'h ←',
    in: tables,
    help: 'columns further left',
  },
  {
    command: 'search',
    keys: ['/'],
    shown: '/',
    in: ['commits'],
    help: 'search messages, authors, ids and series',
    brief: 'search',
  },
  {
    command: 'search',
    keys: ['/'],
    shown: '/',
    in: ['series', 'refs'],
    help: 'search names',
    brief: 'search',
  },
  {
    command: 'next-match',
    keys: ['n'],
    shown: 'n',
    in: ['commits', 'series', 'refs'],
    help: 'the next that was searched',
  },
  {
    command: 'previous-match',
    keys: ['N'],
    shown: 'N',
    in: ['commits', 'series', 'refs'],
    help: 'the one before',
  },
  {
    command: 'filter',
    keys: ['F'],
    shown: 'F',
    in: ['commits'],
    help: 'list only some: by author, time, series, data',
    brief: 'filter',
  },
  {
    command: 'refs',
    keys: ['r'],
    shown: 'r',
    in: [...ofCommit, 'refs'],
    help: 'branches and tags',
    brief: 'refs',
  },
  {
    command: 'mark',
    keys: ['c'],
    shown: 'c',
    in: ['commits', 'refs'],
    help: 'mark a commit; on another: compare the two',
    brief: 'compare',
  },
  { command: 'message', keys: ['m'], shown: 'm', in: ofCommit, help: 'the whole message' },
  {
    command: 'copy',
    keys: ['y'],
    shown: 'y',
    in: [...ofCommit, 'refs'],
    help: 'copy the id of the commit to the clipboard',
  },
  {
    command: 'checkout',
    keys: ['O'],
    shown: 'O',
    in: [...ofCommit, 'refs'],
    help: 'check out (asks first)',
  },
  {
    command: 'revert',
    keys: ['R'],
    shown: 'R',
    in: ofCommit,
    help: 'revert the commit (asks first)',
  },
  { command: 'tag', keys: ['T'], shown: 'T', in: ofCommit, help: 'tag the commit (asks first)' },
  {
    command: 'refresh',
    keys: ['ctrl-l', 'ctrl-r'],
    shown: 'Ctrl-l',
    help: 'read again, draw anew',
  },
  { command: 'help', keys: ['?'], shown: '?', help: 'this help', brief: 'help' },
  {
    command: 'back',
    keys: ['q'],
    shown: 'q',
    help: 'back; from the list of commits: leave',
    brief: 'back',
  },
  { command: 'escape', keys: ['esc'], shown: 'Esc', help: 'forget number and search; else as q' },
  { command: 'suspend', keys: ['ctrl-z'], shown: 'Ctrl-z', help: 'stop; fg goes on' },
  { command: 'interrupt', keys: ['ctrl-c'], shown: 'Ctrl-c', help: 'leave at once' },
]

/** What a key does in a view; undefined where it does nothing. */
export function commandOf(view: ViewName, key: string): Command | undefined {
  return bindingsIn(view).find(({ keys }) => keys.includes(key))?.command
}

/** What can be done in a view. */
export function bindingsIn(view: ViewName): readonly Binding[] {
  return bindings.filter((binding) => binding.in === undefined || binding.in.includes(view))
}

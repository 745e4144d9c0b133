import { EventEmitter } from 'node:events'
import { Box, render } from 'ink'
import { useMemo } from 'react'
import { chartLines } from './draw/charts.ts'
import { commitLines } from './draw/commits.ts'
import { detailLines } from './draw/details.ts'
import { footerLine, headerLine } from './draw/frame.ts'
import { drawLine } from './draw/line.ts'
import type { Look } from './draw/look.ts'
import { tableLines } from './draw/tables.ts'
import { viewLines } from './draw/views.ts'
import { bodyRows, isTooSmall, LEAST_COLUMNS, LEAST_ROWS, splitOf } from './layout.ts'
import { detailOf } from './looked-up.ts'
import { Lines, Panes, PanesContext } from './panes.tsx'
import { type CommitsView, type State, type TabsView, topView, type View } from './state.ts'
import { yogaLoaded } from './yoga.ts'

interface ScreenProps {
  readonly state: State
  readonly look: Look
}

/** All of the screen: what its boxes hold is as wide as they are. */
function Screen({ state, look }: ScreenProps) {
  if (isTooSmall(state.size)) return <TooSmall state={state} look={look} />
  const view = topView(state)
  return (
    <Box flexDirection="column">
      <Line text={headerLine(state, look)} columns={state.size.columns} />
      {view.kind === 'commits' ? (
        <Commits state={state} view={view} look={look} />
      ) : (
        <Body state={state} view={view} look={look} />
      )}
      <Line text={footerLine(state, look)} columns={state.size.columns} />
    </Box>
  )
}

function Line({ text, columns }: { text: string; columns: number }) {
  const lines = useMemo(() => [text], [text])
  return <Lines lines={lines} columns={columns} />
}

/** The list of commits, and what the one under the cursor changed. */
function Commits({ state, view, look }: ScreenProps & { view: CommitsView }) {
  const { commits, weights, heaviest, now, mark, search, listing, size } = state
  const { list, detail: room, isBeside } = useMemo(() => splitOf(size), [size])
  const { top, cursor } = view
  const empty = listing.failure?.message ?? (listing.isComplete ? 'no commits' : 'reading …')
  const listed = useMemo(() => {
    const { rows, columns } = list
    const { text } = search
    const shown = { commits, weights, heaviest, now, mark, top, cursor, rows, columns }
    return commitLines({ ...shown, text, empty, look })
  }, [commits, weights, heaviest, now, mark, top, cursor, list, search, empty, look])
  const commit = commits.get(cursor)
  const detail = commit && detailOf(state, { commit, against: undefined })
  const details = useMemo(
    () => detailLines({ commit, detail, look, ...room }),
    [commit, detail, look, room],
  )
  const between = useMemo(() => {
    if (isBeside) return Array<string>(list.rows).fill(look.unicode ? '│' : '|')
    return [(look.unicode ? '─' : '-').repeat(size.columns)]
  }, [isBeside, list, size, look])
  return (
    <Box flexDirection={isBeside ? 'row' : 'column'}>
      <Lines lines={listed} columns={list.columns} />
      <Lines lines={between} columns={isBeside ? 1 : size.columns} />
      <Lines lines={details} columns={room.columns} />
    </Box>
  )
}

function Body({ state, view, look }: ScreenProps & { view: Exclude<View, CommitsView> }) {
  const { size, answers, now, search } = state
  // biome-ignore lint/correctness/useExhaustiveDependencies: what of the state is drawn
  const lines = useMemo(
    () => bodyLines(state, view, look),
    [size, answers, now, search, view, look],
  )
  return <Lines lines={lines} columns={size.columns} />
}

function bodyLines(state: State, view: Exclude<View, CommitsView>, look: Look): readonly string[] {
  if (view.kind !== 'data') return viewLines(state, view, look)
  return isChart(view) ? chartLines(state, view, look) : tableLines(state, view, look)
}

function isChart({ tab }: TabsView): boolean {
  return tab === 'chart'
}

function TooSmall({ state, look }: ScreenProps) {
  const { columns, rows } = state.size
  const told = [
    `This terminal has ${columns} × ${rows};`,
    `the viewer needs ${LEAST_COLUMNS} × ${LEAST_ROWS}.`,
    'Make it larger, or press q.',
  ]
  const lines = Array.from({ length: bodyRows({ columns, rows }) + 2 }, (_, i) =>
    drawLine([{ text: told[i] ?? '' }], { width: columns, look }),
  ).slice(0, rows)
  return <Lines lines={lines} columns={columns} />
}

/** What draws states. */
export interface Drawing {
  show(state: State): void
  close(): void
}

export interface DrawingEvents {
  /** A frame is drawn: its lines. */
  frame(lines: readonly string[]): void
  /** Drawing failed, and nothing more is drawn. */
  fault(error: unknown): void
}

/** Where Ink takes the terminal to be, which it has nothing to write to: lines are as wide as they should be already. */
class LaidOut extends EventEmitter {
  readonly columns = 1
  readonly rows = 1
  write(): boolean {
    return true
  }
}

/** What begins to draw, once that can. */
export async function loadDrawing(): Promise<typeof openDrawing> {
  await yogaLoaded
  return openDrawing
}

/** Begins to draw states with Ink. */
export function openDrawing(first: State, look: Look, events: DrawingEvents): Drawing {
  const panes = new Panes()
  const screenOf = (state: State) => (
    <PanesContext value={panes}>
      <Screen state={state} look={look} />
    </PanesContext>
  )
  const instance = render(screenOf(first), {
    stdout: new LaidOut() as unknown as NodeJS.WriteStream,
    stdin: new EventEmitter() as unknown as NodeJS.ReadStream,
    // Boxes are laid out at once: when it is time for a frame is decided by who shows states.
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  })
  instance.waitUntilExit().catch(events.fault)
  events.frame(panes.lines())
  return {
    show(state) {
      instance.rerender(screenOf(state))
      events.frame(panes.lines())
    },
    close: () => instance.unmount(),
  }
}

import { EventEmitter } from 'node:events'
import { Box, render, Text } from 'ink'
import { memo, useMemo } from 'react'
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
import { type CommitsView, type State, type TabsView, topView, type View } from './state.ts'

interface ScreenProps {
  readonly state: State
  readonly look: Look
}

/** All of the screen, as lines that are as wide as it is. */
function Screen({ state, look }: ScreenProps) {
  if (isTooSmall(state.size)) return <TooSmall state={state} look={look} />
  const view = topView(state)
  return (
    <Box flexDirection="column" height={state.size.rows}>
      <Lines lines={headerLine(state, look)} />
      {view.kind === 'commits' ? (
        <Commits state={state} view={view} look={look} />
      ) : (
        <Body state={state} view={view} look={look} />
      )}
      <Lines lines={footerLine(state, look)} />
    </Box>
  )
}

const Lines = memo(({ lines }: { lines: string }) => <Text>{lines}</Text>)

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
  const lines = isBeside
    ? beside(listed, details, look)
    : below(listed, details, size.columns, look)
  return <Lines lines={lines} />
}

function beside(left: readonly string[], right: readonly string[], { unicode }: Look): string {
  return left.map((line, i) => `${line}${unicode ? '│' : '|'}${right[i]}`).join('\n')
}

function below(
  list: readonly string[],
  details: readonly string[],
  columns: number,
  { unicode }: Look,
): string {
  return [...list, (unicode ? '─' : '-').repeat(columns), ...details].join('\n')
}

function Body({ state, view, look }: ScreenProps & { view: Exclude<View, CommitsView> }) {
  const { size, answers, now, search } = state
  // biome-ignore lint/correctness/useExhaustiveDependencies: what of the state is drawn
  const lines = useMemo(
    () => bodyLines(state, view, look).join('\n'),
    [size, answers, now, search, view, look],
  )
  return <Lines lines={lines} />
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
  return <Lines lines={lines.join('\n')} />
}

/** What draws states; each frame is given to the one who opened it, as lines. */
export interface Drawing {
  show(state: State): void
  close(): void
}

/** Where Ink takes the terminal to be: frames are taken from it whole, and put on the screen by another. */
class FrameStream extends EventEmitter {
  columns = 80
  rows = 24
  readonly #onFrame: (frame: string) => void

  constructor(onFrame: (frame: string) => void) {
    super()
    this.#onFrame = onFrame
  }

  write(text: string): boolean {
    this.#onFrame(text)
    return true
  }
}

/** Begins to draw states with Ink. */
export function openDrawing(
  first: State,
  look: Look,
  onFrame: (lines: readonly string[]) => void,
): Drawing {
  const stream = new FrameStream((frame) => {
    if (!isClosed) onFrame(frame.split('\n'))
  })
  let isClosed = false
  const take = (state: State) => {
    stream.columns = Math.max(1, state.size.columns)
    stream.rows = Math.max(1, state.size.rows)
    return <Screen state={state} look={look} />
  }
  const instance = render(take(first), {
    stdout: stream as unknown as NodeJS.WriteStream,
    stdin: new EventEmitter() as unknown as NodeJS.ReadStream,
    // Each frame is written whole and at once: when it is time for one is decided by who shows states.
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  })
  return {
    show(state) {
      const { columns } = stream
      const screen = take(state)
      if (columns !== stream.columns) stream.emit('resize')
      instance.rerender(screen)
    },
    close() {
      isClosed = true
      instance.unmount()
    },
  }
}

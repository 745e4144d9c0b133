import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { makeLongHistory } from '../long-history.ts'
import { hasTool, median } from '../measure.ts'
import { ROOT, varve } from '../program.ts'
import type { Suite, Target } from '../suite.ts'
import type { Row } from '../table.ts'

const FULL = 10_000_000
const COLUMNS = 120
const ROWS = 40
/** Keys that are pressed while commits are still arriving, and how far apart: as a keyboard repeats. */
const KEYS = 120
const APART_MS = 33

/** What Ink takes for one word, and so cannot be had for less. */
const EMPTY = `
import { render, Text } from 'ink'
import { createElement } from 'react'
render(createElement(Text, null, 'ready'))
process.stdin.setRawMode(true).once('data', () => process.exit())
`

/**
 * The viewer in a pseudo-terminal, over a history of 100,000 commits and 10,000 series: what a user waits for. Set
 * VARVE_LONG_HISTORY to the folder of one that was made before to save the minutes that it takes.
 */
export const tuiSuite: Suite = {
  name: 'tui',
  about: 'the viewer, in a terminal, over 100,000 commits',
  targetRows: FULL,
  async run({ folder, rows, runs }) {
    if (!hasTool('script')) throw new Error('it takes a terminal: script, of util-linux')
    const commits = Math.max(1000, Math.round(100_000 * Math.min(1, rows / FULL)))
    const repository = process.env.VARVE_LONG_HISTORY ?? join(folder, 'long.varve')
    if (!existsSync(repository)) {
      await makeLongHistory(repository, { commits, series: commits / 10 })
    }
    const empty = join(ROOT, 'dist', 'bench-empty-ink.mjs')
    writeFileSync(empty, EMPTY)
    const view = varve('-R', repository, 'tui')
    // What V8 compiled is kept when the viewer is left, for the next time.
    const unprepared = await firstPaint(view, /Measurements \d+/)
    const paints: { empty: number; first: number }[] = []
    const sessions: Session[] = []
    for (let run = 0; run < runs; run++) {
      paints.push({
        empty: await firstPaint([process.execPath, empty], /ready/),
        first: await firstPaint(view, /Measurements \d+/),
      })
      sessions.push(await session(view))
    }
    const empties = median(paints.map((paint) => paint.empty))
    const first = median(paints.map((paint) => paint.first))
    const repaint = median(sessions.map(({ repaints }) => percentile(repaints, 0.95)))
    const peakBytes = median(sessions.map((one) => one.peakBytes))
    const all: Row[] = [
      { what: 'first paint', seconds: first },
      { what: 'first paint, the first time after a build', seconds: unprepared },
      { what: 'first paint, an empty Ink component', seconds: empties },
      { what: 'key to repaint while commits arrive, p95', seconds: repaint, peakBytes },
      {
        what: 'key to repaint while commits arrive, median',
        seconds: median(sessions.map(({ repaints }) => percentile(repaints, 0.5))),
      },
    ]
    const targets: Target[] = [
      { what: 'first paint', most: 0.5, reached: first, unit: 'seconds' },
      {
        what: 'first paint, of an empty component',
        most: 1.5,
        reached: first / empties,
        unit: 'ratio',
      },
      { what: 'key to repaint, p95', most: 0.03, reached: repaint, unit: 'seconds' },
      { what: 'memory', most: 250e6, reached: peakBytes, unit: 'bytes' },
    ]
    return { rows: all, targets }
  },
}

/** A program in a pseudo-terminal, and all that it has written. */
class Shown {
  output = ''
  readonly #child
  #heard = () => {}
  #isEnded = false

  constructor(command: readonly string[]) {
    const quoted = command.map((word) => `'${word}'`).join(' ')
    // A shell of its own, as the line is one for a shell.
    const line = `stty rows ${ROWS} cols ${COLUMNS}; exec ${quoted}`
    this.#child = spawn('script', ['-qfec', line, '/dev/null'], {
      // In what it takes for a build server Ink shows nothing before its end.
      env: { ...process.env, CI: 'false', TERM: 'xterm-256color', COLORTERM: 'truecolor' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
      this.#heard()
    })
    this.#child.once('close', () => {
      this.#isEnded = true
      this.#heard()
    })
  }

  press(key: string): void {
    this.#child.stdin.write(key)
  }

  /** Waits until what was written from a place on fits, and gives the seconds that took. */
  async until(expected: (output: string) => boolean): Promise<number> {
    const began = process.hrtime.bigint()
    while (!expected(this.output)) {
      if (this.#isEnded) throw new Error(`the program ended:\n${this.output.slice(-2000)}`)
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
    return Number(process.hrtime.bigint() - began) / 1e9
  }

  /** The most memory that the program had until now. */
  peakBytes(): number {
    const status = readFileSync(`/proc/${this.#processId()}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024
  }

  /** Leaves it as a user does. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.press('q')
    await ended
  }

  /** `script` starts a shell, in whose place the program is. */
  #processId(): number {
    return Number(execFileSync('pgrep', ['-P', String(this.#child.pid)], { encoding: 'utf8' }))
  }
}

async function firstPaint(command: readonly string[], expected: RegExp): Promise<number> {
  const shown = new Shown(command)
  const seconds = await shown.until((output) => expected.test(output))
  await shown.end()
  return seconds
}

interface Session {
  /** Seconds from a key to the screen that shows what it did. */
  readonly repaints: readonly number[]
  readonly peakBytes: number
}

/** Goes down the list while the rest of it is read, then to its end and back. */
async function session(command: readonly string[]): Promise<Session> {
  const shown = new Shown(command)
  await shown.until((output) => selectedIn(output) !== undefined)
  const repaints: number[] = []
  for (let key = 0; key < KEYS; key++) {
    const from = shown.output.length
    const before = selectedIn(shown.output)
    shown.press('j')
    const isMoved = (output: string) => {
      const selected = selectedIn(output.slice(from))
      return selected !== undefined && selected !== before
    }
    repaints.push(await shown.until(isMoved))
    await setTimeout(APART_MS)
  }
  await shown.until((output) => / \d+ commits/.test(output))
  for (const key of ['G', 'g']) {
    const before = selectedIn(shown.output)
    shown.press(key)
    await shown.until((output) => selectedIn(output) !== before)
  }
  const peakBytes = shown.peakBytes()
  await shown.end()
  return { repaints, peakBytes }
}

/** The subject of the commit that was under the cursor last: its line is inverse. */
function selectedIn(output: string): string | undefined {
  const found = [...output.slice(-200_000).matchAll(SELECTED)].at(-1)
  return found?.[1]
}

const SELECTED = /\x1b\[7m[^\x1b\n]*((?:Measurements|Merge|Recalibrate|All) [^\x1b\n]{4,})/g

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!
}

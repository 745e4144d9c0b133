import { escapeControl } from '../core/names.ts'

export interface ProgressOptions {
  /** What is being done: `reading prices.csv`. */
  readonly label: string
  readonly unit: 'bytes' | 'rows' | 'series' | 'files' | 'commits' | 'objects'
  /** Where it ends, when that is known. */
  readonly total?: number
}

export interface Progress {
  add(count: number): void
  /** Sets the count so far. */
  set(count: number): void
  total(total: number): void
  /** Bytes that move with what is counted: they and their rate are shown beside it. */
  bytes(moved: number): void
  /** Takes the line away. Calling it again has no effect. */
  done(): void
}

const silent: Progress = { add() {}, set() {}, total() {}, bytes() {}, done() {} }

const INTERVAL_MS = 100
/** Work that is done sooner than this never shows a bar. */
const DELAY_MS = 300
const BAR_CELLS = 24

export interface ProgressTarget {
  readonly write: (text: string) => void
  readonly columns: () => number
  readonly now: () => number
}

/** A bar that is redrawn at most ten times a second; silent without a target. */
export function startProgress(options: ProgressOptions, target?: ProgressTarget): Progress {
  if (target === undefined) return silent
  const started = target.now()
  let count = 0
  let total = options.total
  let bytes: number | undefined
  let drawnAt = started + DELAY_MS - INTERVAL_MS
  let shown = false
  let ended = false

  const draw = () => {
    const now = target.now()
    if (ended || now - drawnAt < INTERVAL_MS) return
    drawnAt = now
    shown = true
    const elapsed = (now - started) / 1000
    const line = progressLine({ ...options, count, total, bytes, elapsed })
    target.write(`\r${line.slice(0, target.columns() - 1)}\x1b[K`)
  }
  return {
    add(more) {
      count += more
      draw()
    },
    set(value) {
      count = value
      draw()
    },
    total(value) {
      total = value
    },
    bytes(value) {
      bytes = value
    },
    done() {
      if (shown && !ended) target.write('\r\x1b[K')
      ended = true
    },
  }
}

interface ProgressState {
  readonly label: string
  readonly unit: ProgressOptions['unit']
  readonly count: number
  readonly total: number | undefined
  readonly bytes?: number | undefined
  /** Seconds. */
  readonly elapsed: number
}

/** `reading x.csv ━━━━╌╌╌╌ 42 %  112 MB of 266 MB  180 MB/s  1 s left`. */
export function progressLine(state: ProgressState): string {
  const { unit, count, total, elapsed } = state
  const label = escapeControl(state.label)
  const rate = elapsed > 0 ? count / elapsed : 0
  const amount = (value: number) => formatAmount(value, unit)
  const moved = (value: number) => formatAmount(value, 'bytes')
  const speed =
    state.bytes === undefined
      ? `${amount(rate)}/s`
      : `${moved(state.bytes)}  ${moved(elapsed > 0 ? state.bytes / elapsed : 0)}/s`
  if (total === undefined || total <= 0) return `${label}  ${amount(count)}  ${speed}`
  const share = Math.min(1, count / total)
  // With a unit that is a word, or bytes beside it, the line has to be short enough for 80 columns.
  const width = state.bytes === undefined && unit === 'bytes' ? BAR_CELLS : BAR_CELLS / 2
  const cells = Math.round(share * width)
  const bar = '━'.repeat(cells) + '╌'.repeat(width - cells)
  const left = rate > 0 ? `  ${formatDuration(Math.max(0, total - count) / rate)} left` : ''
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  const counted = unit === 'bytes' ? amount(count) : amount(count).replace(` ${unit}`, '')
  return `${label} ${bar} ${percent}  ${counted} of ${amount(total)}  ${speed}${left}`
}

function formatAmount(value: number, unit: ProgressOptions['unit']): string {
  const scale = value >= 1e9 ? 1e9 : value >= 1e6 ? 1e6 : value >= 1e4 ? 1e3 : 1
  const letter = new Map([
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
    [1, ''],
  ]).get(scale)!
  const scaled = value / scale
  const digits = scale === 1 || scaled >= 100 ? 0 : 1
  const number = scaled.toFixed(digits)
  return unit === 'bytes' ? `${number} ${letter}B` : `${number}${letter} ${unit}`
}

function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}

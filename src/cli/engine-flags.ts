import { setFlagsFromString } from 'node:v8'

interface EngineFlag {
  readonly flag: string
  /** The newest Node that is known to have it: a flag is V8's own, and promised to nobody. */
  readonly until: number
  /** The only command that has it, or the only one that has not. */
  readonly only?: string
  readonly except?: string
}

const FLAGS: readonly EngineFlag[] = [
  // Lets the heap grow to four times what is alive before it is collected. Columns lie outside the heap;
  // V8 counts them to it, and with its own measure marks a small heap anew for every few megabytes that
  // are read.
  { flag: '--heap-growing-percent=300', until: 24, except: 'tui' },
  // The viewer holds a long history all the time that somebody looks at it: what is waste is to be less than that.
  { flag: '--heap-growing-percent=40', until: 24, only: 'tui' },
  // Compiled code stays as long as the process: what is kept of it when a long command ends is all that it began with, too.
  { flag: '--no-flush-bytecode', until: 24 },
  // Code runs eight times as long (0.5 MB of bytecode a round) before it is compiled once more, for speed.
  // Hot loops are over that within milliseconds; with V8's own measure, what is called once for each segment
  // is compiled as well, which takes a fifth of the processor time of a command of two seconds. Later
  // versions count calls instead.
  { flag: '--interrupt-budget=540672', until: 21 },
]

/**
 * Sets V8 up for columns. For programs, before they load their code: it holds for the whole process.
 *
 * @param name of the command, where there is one
 */
export function setEngineFlags(name?: string): void {
  const major = Number.parseInt(process.versions.node, 10)
  for (const { flag, until, only = name, except } of FLAGS) {
    if (major > until || only !== name || (except !== undefined && except === name)) continue
    setFlagsFromString(flag)
  }
}

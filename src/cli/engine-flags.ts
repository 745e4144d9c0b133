import { setFlagsFromString } from 'node:v8'
import { letHeapGrow, NEWEST_KNOWN } from '../plumbing/let-heap-grow.ts'

interface EngineFlag {
  readonly flag: string
  /** The newest Node that it is meant for. */
  readonly until: number
}

const FLAGS: readonly EngineFlag[] = [
  // Compiled code stays as long as the process: what is kept of it when a long command ends is all that it began with, too.
  { flag: '--no-flush-bytecode', until: NEWEST_KNOWN },
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
  // The viewer holds a long history all the time that somebody looks at it: what is waste is to be less than that.
  letHeapGrow(name === 'tui' ? 40 : 300)
  const major = Number.parseInt(process.versions.node, 10)
  for (const { flag, until } of FLAGS) if (major <= until) setFlagsFromString(flag)
}

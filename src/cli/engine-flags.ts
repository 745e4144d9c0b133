import { NEWEST_KNOWN, setFlags, tuneEngine } from '../plumbing/tune-engine.ts'

/**
 * Sets V8 up for columns. For programs, before they load their code: it holds for the whole process.
 *
 * @param name of the command, where there is one
 */
export function setEngineFlags(name?: string): void {
  // The viewer holds a long history all the time that somebody looks at it: what is waste is to be less than that.
  tuneEngine({ heapGrowth: name === 'tui' ? 40 : 300 })
  // Compiled code stays as long as the process: what is kept of it when a long command ends is all that it began with, too.
  setFlags([{ flag: '--no-flush-bytecode', until: NEWEST_KNOWN }])
}

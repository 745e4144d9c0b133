import { VarveError } from '../core/errors.ts'

/** An entry is archived and dropped once a checkpoint, written every so many entries, covers it. */
export const CHECKPOINT_EVERY = 128

const DIGITS = 12
const LIMIT = 10 ** DIGITS
const NUMBERED = /^(?:log|checkpoints|archive)\/([0-9]{12})$/

export type LogFolder = 'log' | 'checkpoints' | 'archive'

/** Where entry, checkpoint or archive `number` lives in storage. */
export function logName(folder: LogFolder, number: number): string {
  if (number >= LIMIT) throw new VarveError('too-large', 'the ref log has no numbers left')
  return `${folder}/${String(number).padStart(DIGITS, '0')}`
}

/** The number in a storage name, or undefined for names of another kind (such as `log/hint`). */
export function logNumber(name: string): number | undefined {
  const digits = NUMBERED.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Entries that follow each other, by number. */
export interface EntryRange {
  readonly first: number
  readonly last: number
}

/** What is not among ascending numbers after `before` and up to `last`; a name may claim any number, so never one by one. */
export function gapsAmong(numbers: Iterable<number>, before: number, last: number): EntryRange[] {
  const gaps: EntryRange[] = []
  let known = before
  for (const number of [...numbers, last + 1]) {
    if (number > known + 1) gaps.push({ first: known + 1, last: number - 1 })
    known = number
  }
  return gaps
}

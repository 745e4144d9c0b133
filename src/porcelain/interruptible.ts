import { setImmediate } from 'node:timers/promises'
import { VarveError } from '../core/errors.ts'
import type { InputTable } from '../formats/table.ts'

/**
 * The same table, whose reading ends with `interrupted` when the signal says so. Rows that are made
 * as they are asked for would otherwise never let anybody give the signal.
 */
export function interruptible(input: InputTable, signal: AbortSignal | undefined): InputTable {
  if (signal === undefined) return input
  const { range, typed } = input
  return {
    ...input,
    open: (options) => watched(input.open(options), signal),
    ...(range !== undefined && {
      async range(from, to) {
        await check(signal)
        return range(from, to)
      },
    }),
    ...(typed !== undefined && {
      async typed() {
        const table = await typed()
        return { ...table, batches: (names) => watched(table.batches(names), signal) }
      },
    }),
  }
}

async function* watched<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, void> {
  for await (const piece of source) {
    await check(signal)
    yield piece
  }
}

async function check(signal: AbortSignal): Promise<void> {
  await setImmediate()
  throwIfInterrupted(signal)
}

/** Ends what the signal says is to end: `interrupted`. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new VarveError('interrupted', 'interrupted: nothing was changed', { cause: signal.reason })
}

import type { Context } from '../../cli/context.ts'
import type { Progress } from '../../cli/progress.ts'
import type { InputTable } from '../../formats/table.ts'

/** A bar for tables being read. */
export interface InputProgress {
  /** The table, watched. */
  watch(input: InputTable): InputTable
  done(): void
}

/** Shows how much has been read of all the tables that are watched. */
export function inputProgress(context: Context, label: string): InputProgress {
  let progress: Progress | undefined
  let total = 0
  const grow = (bytes: number): void => {
    total += bytes
    progress?.total(total)
  }
  return {
    watch(input) {
      const { bytes } = input
      if (bytes !== undefined) total += bytes
      const { range } = input
      const show = (): Progress =>
        (progress ??= context.progress({ label, unit: 'bytes', ...(total > 0 && { total }) }))
      return {
        ...input,
        ...(range && {
          async range(from: number, to: number) {
            const piece = await range(from, to)
            show().add(piece.length)
            return piece
          },
        }),
        willRead(times) {
          if (bytes !== undefined) grow(bytes * (times - 1))
        },
        async *open(options) {
          const bar = show()
          for await (const piece of input.open(options)) {
            bar.add(piece.length)
            yield piece
          }
        },
      }
    },
    done: () => progress?.done(),
  }
}

import type { Context } from '../../cli/context.ts'
import type { InputTable } from '../../formats/table.ts'
import { sizeOfFile } from '../../plumbing/find-tables.ts'

/** The table in a file that the user named, or on standard input for `-` and where no file was named. */
export function namedInput(
  context: Context,
  file: string | undefined,
  reading: InputTable['reading'],
): InputTable {
  if (isStandardInput(file)) {
    return { name: '<stdin>', once: true, reading, open: () => context.stdin }
  }
  const bytes = sizeOfFile(context.resolve(file))
  return {
    name: file,
    bytes,
    once: bytes === undefined,
    reading,
    open: (options) => context.readFile(file, options),
    ...(bytes !== undefined && {
      range: (from: number, to: number) => context.readRange(file, from, to),
    }),
  }
}

export function isStandardInput(file: string | undefined): file is '-' | undefined {
  return file === undefined || file === '-'
}

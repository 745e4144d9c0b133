import type { TableFormat } from '../table.ts'
import { typedFormat } from '../typed-table.ts'
import { openArrow } from './read-arrow.ts'
import { writeArrowFile, writeArrowStream } from './write-arrow.ts'

/** Arrow IPC streams: see `docs/formats.md`. Reading takes files too. */
export const arrowStreamFormat: TableFormat = {
  ...typedFormat(openArrow),
  write: writeArrowStream,
}

/** Arrow IPC files, which are Feather 2. Reading takes streams too. */
export const arrowFileFormat: TableFormat = { ...typedFormat(openArrow), write: writeArrowFile }

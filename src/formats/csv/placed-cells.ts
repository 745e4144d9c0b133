import type { Kernels } from '../../core/encoding/kernels.ts'

/** The first records of a batch in the memory of the kernels: as long as these say that their use is the same. */
export interface PlacedCells {
  readonly kernels: Kernels
  readonly use: number
  readonly rows: number
  /** Where the bytes of the batch would begin, and where its arrays do. */
  readonly text: number
  readonly starts: number
  readonly ends: number
}

/** zstd spends at least 4 bytes on a block of 128 KiB: no honest frame grows by more. */
const RATIO = 32_768
const SLACK = 128 * 1024
/**
 * What a frame stands for is at most so long: a reader makes room for all of it. What is longer is
 * stored as it is, so that it takes no more memory than it takes on disk.
 */
export const LONGEST_UNPACKED = 256 * 1024 * 1024

/** Whether a zstd frame of so many bytes can stand for `length`: to be asked before room is made. */
export function frameCanHold(frameBytes: number, length: number): boolean {
  return length <= LONGEST_UNPACKED && length <= frameBytes * RATIO + SLACK
}

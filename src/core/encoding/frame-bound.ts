/** zstd spends at least 4 bytes on a block of 128 KiB: no honest frame grows by more. */
const RATIO = 32_768
const SLACK = 128 * 1024

/** Whether a zstd frame of so many bytes can stand for `length`: to be asked before room is made. */
export function frameCanHold(frameBytes: number, length: number): boolean {
  return length <= frameBytes * RATIO + SLACK
}

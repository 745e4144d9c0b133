import { VarveError } from '../core/errors.ts'
import type { Spill } from '../core/spill.ts'

/** A spill that keeps all in memory: for tests, and for callers without a disk. */
export function createMemorySpill(): Spill {
  return {
    async create() {
      let parts: Uint8Array[] = []
      let length = 0
      return {
        async write(bytes) {
          parts.push(bytes.slice())
          length += bytes.length
        },
        async range(offset, count) {
          if (offset + count > length) {
            throw new VarveError('io', 'read past the end of what was set aside', {
              data: { offset, length: count },
            })
          }
          const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
          parts = [whole]
          return whole.subarray(offset, offset + count)
        },
        async discard() {
          parts = []
          length = 0
        },
      }
    },
  }
}

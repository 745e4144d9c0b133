import { Buffer, isUtf8 } from 'node:buffer'
import { VarveError } from '../../core/errors.ts'

/** Text that came from outside; `bad-input` when it is not UTF-8. */
export function decodeText(bytes: Uint8Array, file: string): string {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString('utf8')
  throw new VarveError('bad-input', `${file} is not valid UTF-8`, { data: { file } })
}

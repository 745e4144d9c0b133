import { VarveError } from '../core/errors.ts'
import { cleanMessage } from '../core/message.ts'

/** The message as commits keep it; `refused` where nothing is left of it. */
export function cleanedMessage(message: string): string {
  const cleaned = cleanMessage(message)
  if (cleaned !== '') return cleaned
  throw new VarveError('refused', 'a commit needs a message', {
    hint: 'without -m one is made from what changed',
  })
}

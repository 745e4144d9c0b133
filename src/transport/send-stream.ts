import { totalFrame } from './answers.ts'
import { END_FRAME, FRAME_LIMIT, frameHead, frameKinds, OBJECTS_FRAME } from './frames.ts'
import type { ObjectSender } from './send-objects.ts'

/** So much in one piece goes on as it is: to copy it would cost more than a frame of its own. */
const LARGE = 64 * 1024

/** The frames of a stream of objects, to the end of the message. */
export async function* objectFrames(
  sender: ObjectSender,
  onObjects?: (objects: number, bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = []
  let gathered = 0
  let sent = 0
  /** A frame of what has gathered, and the head of another one, of so many bytes. */
  const closed = (next: number): Uint8Array => {
    const own = gathered === 0 ? [] : [frameHead(frameKinds.objects, gathered), ...pieces]
    const frame = Buffer.concat(next === 0 ? own : [...own, frameHead(frameKinds.objects, next)])
    sent += gathered + next
    pieces = []
    gathered = 0
    return frame
  }
  const told = (): void => onObjects?.(sender.place.count - sender.from.count, sent)
  for (;;) {
    const next = sender.next()
    const record = next instanceof Promise ? await next : next
    if (record === undefined) break
    for (const piece of record) {
      if (piece.length >= LARGE) {
        for (let at = 0; at < piece.length; at += FRAME_LIMIT) {
          const part = piece.subarray(at, at + FRAME_LIMIT)
          yield closed(part.length)
          yield part
        }
        told()
        continue
      }
      pieces.push(piece)
      gathered += piece.length
      if (gathered < OBJECTS_FRAME) continue
      yield closed(0)
      told()
    }
  }
  if (gathered > 0) yield closed(0)
  told()
  yield totalFrame(sender.place)
  yield END_FRAME
}

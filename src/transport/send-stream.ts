import { totalFrame } from './answers.ts'
import { END_FRAME, frameKinds, joinFrame, OBJECTS_FRAME } from './frames.ts'
import type { ObjectSender } from './send-objects.ts'

/** The frames of a stream of objects, to the end of the message. */
export async function* objectFrames(
  sender: ObjectSender,
  onObjects?: (objects: number, bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = []
  let gathered = 0
  let sent = 0
  for await (const record of sender.records()) {
    for (const piece of record) {
      for (let at = 0; at < piece.length; ) {
        const part = piece.subarray(at, at + OBJECTS_FRAME - gathered)
        pieces.push(part)
        gathered += part.length
        at += part.length
        if (gathered < OBJECTS_FRAME) continue
        sent += gathered
        yield joinFrame(frameKinds.objects, pieces)
        onObjects?.(sender.place.count - sender.from.count, sent)
        pieces = []
        gathered = 0
      }
    }
  }
  if (gathered > 0) yield joinFrame(frameKinds.objects, pieces)
  onObjects?.(sender.place.count - sender.from.count, sent + gathered)
  yield totalFrame(sender.place)
  yield END_FRAME
}

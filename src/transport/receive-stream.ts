import { equalBytes } from '../core/bytes.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { readTotal } from './answers.ts'
import { badPeer, type FrameReader, frameKinds } from './frames.ts'
import { RecordSplitter } from './object-stream.ts'
import type { ObjectReceiver } from './receive-objects.ts'

export interface ReceiveOptions {
  readonly maxBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onObjects?: ((objects: number, bytes: number) => void) | undefined
}

/**
 * Takes the objects of a message, to its end. Where the connection breaks, what came is kept for the next attempt; where
 * anything is wrong with it, it is forgotten.
 */
export async function receiveStream(
  frames: FrameReader,
  receiver: ObjectReceiver,
  options: ReceiveOptions = {},
): Promise<void> {
  try {
    await takeObjects(frames, receiver, options)
  } catch (error) {
    if (hasCode(error, 'disconnected') || hasCode(error, 'interrupted')) await receiver.keep()
    throw error
  }
}

async function takeObjects(
  frames: FrameReader,
  receiver: ObjectReceiver,
  { maxBytes = Number.POSITIVE_INFINITY, signal, onObjects }: ReceiveOptions,
): Promise<void> {
  const splitter = new RecordSplitter()
  const takeBack = (record: Uint8Array): void => splitter.takeBack(record)
  let received = 0
  for (;;) {
    if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
    const { kind, bytes } = await frames.expect()
    if (kind === frameKinds.total) {
      if (splitter.isInside) throw badPeer('an object is cut short')
      await receiver.settle()
      onObjects?.(receiver.objects, received)
      const { count, hash } = readTotal(bytes)
      const { place } = receiver
      if (count !== place.count || !equalBytes(hash, place.hash)) {
        throw badPeer('other objects came than were announced')
      }
      await frames.expectKind(frameKinds.end)
      return
    }
    if (kind !== frameKinds.objects) throw badPeer(`a frame of kind ${kind} among objects`)
    // It would count for nothing, however many there are.
    if (bytes.length === 0) throw badPeer('a frame of objects without any')
    received += bytes.length
    if (received > maxBytes) throw tooMany(maxBytes)
    for (const record of splitter.push(bytes)) {
      const added = receiver.add(record, takeBack)
      if (added instanceof Promise) await added
    }
    onObjects?.(receiver.objects, received)
  }
}

/** Reads the objects of a message to its end without looking at them: they are here already. */
export async function skipStream(
  frames: FrameReader,
  { maxBytes }: { readonly maxBytes: number },
): Promise<void> {
  let received = 0
  for (;;) {
    const { kind, raw } = await frames.expect()
    if (kind === frameKinds.end) return
    received += raw.length
    if (received > maxBytes) throw tooMany(maxBytes)
  }
}

function tooMany(limit: number): VarveError {
  return new VarveError('too-large', `more than ${limit} bytes at once are not taken here`, {
    data: { limit },
  })
}

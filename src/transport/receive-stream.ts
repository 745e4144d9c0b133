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
 * Takes the objects of a message, to its end. Where no more comes of it, whatever the reason, what came is kept for the next
 * attempt; where anything is wrong with it, it is forgotten.
 */
export async function receiveStream(
  frames: FrameReader,
  receiver: ObjectReceiver,
  options: ReceiveOptions = {},
): Promise<void> {
  let isReading = false
  const reading: Reading = async (read) => {
    isReading = true
    if (options.signal?.aborted) throw new VarveError('interrupted', 'interrupted')
    const taken = await read()
    isReading = false
    return taken
  }
  try {
    await takeObjects(frames, reading, receiver, options)
  } catch (error) {
    if (isReading && !isOurs(error)) await receiver.keep()
    throw error
  }
}

/** Whether it is we who find a fault with what comes, and not the other side that says why it stops. */
function isOurs(error: unknown): boolean {
  return hasCode(error, 'bad-peer') && error.data?.remote !== true
}

/** Reads what comes: what fails in it is no fault of what has come. */
type Reading = <T>(read: () => Promise<T>) => Promise<T>

async function takeObjects(
  frames: FrameReader,
  reading: Reading,
  receiver: ObjectReceiver,
  { maxBytes = Number.POSITIVE_INFINITY, onObjects }: ReceiveOptions,
): Promise<void> {
  const splitter = new RecordSplitter()
  const takeBack = (record: Uint8Array): void => splitter.takeBack(record)
  let received = 0
  for (;;) {
    const { kind, bytes } = await reading(() => frames.expect())
    if (kind === frameKinds.total) {
      if (splitter.isInside) throw badPeer('an object is cut short')
      await receiver.settle()
      onObjects?.(receiver.objects, received)
      const { count, hash } = readTotal(bytes)
      const { place } = receiver
      if (count !== place.count || !equalBytes(hash, place.hash)) {
        throw badPeer('other objects came than were announced')
      }
      await reading(() => frames.expectKind(frameKinds.end))
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

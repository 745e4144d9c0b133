import { Message } from 'apache-arrow/fb/message'
import { ByteBuffer } from 'flatbuffers'
import { VarveError } from '../../core/errors.ts'
import { escapeControl } from '../../core/names.ts'
import { arrowFault, guarded } from './arrow-fault.ts'
import type { ByteReader } from './byte-reader.ts'

/** Bytes that describe a schema or a batch, at most. */
export const MAX_METADATA_BYTES = 64 * 1024 * 1024
const MAX_BODY_BYTES = 2 ** 31
const MAGIC = 'ARROW1'

/** A message of a stream: what it is about, and the bytes that it describes, to be taken or left. */
export interface ArrowMessage {
  readonly message: Message
  /** Whether it is of a file rather than of a stream. */
  readonly isFile: boolean
  /** Bytes of the description. */
  readonly metadataBytes: number
  /** The bytes that follow, in memory of their own. */
  body(): Promise<Uint8Array<ArrayBuffer>>
}

/**
 * The messages of an Arrow IPC stream, or of a file, which is a stream between a magic word and a
 * list of what is where. Truncated input is `bad-input`; a stream may end without a mark.
 */
export async function* readMessages(
  reader: ByteReader,
  file: string,
): AsyncGenerator<ArrowMessage, void, void> {
  let first = await reader.take(8)
  if (first.length === 0) throw arrowFault(file, 'there is nothing in it')
  const isFile = latin1(first).startsWith(MAGIC)
  if (isFile) first = await reader.take(8)
  else if (latin1(first).startsWith('FEA1')) {
    throw arrowFault(file, 'it is of the first version of Feather: write it anew as Feather 2')
  }
  for (let head = first; ; head = await reader.take(8)) {
    if (head.length === 0 && !isFile && head !== first) return
    const length = await metadataLength(head, reader, file)
    if (length === 0) break
    const metadata = await reader.take(length)
    if (metadata.length < length) throw truncated(file, reader)
    const message = guarded(file, 'a message', () =>
      Message.getRootAsMessage(new ByteBuffer(metadata)),
    )
    const bytes = message.bodyLength()
    if (bytes < 0n) throw arrowFault(file, `a message has a body of ${bytes} bytes`)
    if (bytes > MAX_BODY_BYTES) {
      throw new VarveError(
        'too-large',
        `${escapeControl(file)}: a record batch of ${bytes} bytes, where ${MAX_BODY_BYTES} are read`,
        { data: { file, size: String(bytes) }, hint: 'write it as smaller record batches' },
      )
    }
    const bodyLength = Number(bytes)
    let taken = false
    yield {
      message,
      isFile,
      metadataBytes: length,
      async body() {
        taken = true
        const body = await reader.take(bodyLength)
        if (body.length < bodyLength) throw truncated(file, reader)
        return body
      },
    }
    if (!taken && !(await reader.skip(bodyLength))) throw truncated(file, reader)
  }
  await checkEnd(reader, isFile, file)
}

/** Bytes of a message's description; 0 at the end of the stream. */
async function metadataLength(head: Uint8Array, reader: ByteReader, file: string): Promise<number> {
  if (head.length < 8) throw truncated(file, reader)
  const view = new DataView(head.buffer, head.byteOffset, 8)
  if (view.getInt32(0, true) !== -1) {
    throw arrowFault(
      file,
      reader.position <= 16 ? 'it begins otherwise' : 'a message does not begin where it should',
    )
  }
  const length = view.getInt32(4, true)
  if (length < 0 || length > MAX_METADATA_BYTES) {
    throw arrowFault(file, `a message of ${length} bytes`)
  }
  return length
}

async function checkEnd(reader: ByteReader, isFile: boolean, file: string): Promise<void> {
  const { tail, length, isZero } = await reader.rest(10)
  if (isFile) footerBytes(tail, length, file)
  // Some programs write a stream into a buffer of a round size, and that buffer into a file.
  else if (!isZero) throw arrowFault(file, `${length} bytes follow its end`)
}

/** Bytes of the list at a file's end, by its last ten bytes: how many there are, and the magic word. */
export function footerBytes(tail: Uint8Array, length: number, file: string): number {
  const listed =
    tail.length < 10 ? -1 : new DataView(tail.buffer, tail.byteOffset).getInt32(0, true)
  if (!latin1(tail).endsWith(MAGIC) || listed < 0 || listed > length - 10) {
    throw arrowFault(file, 'it does not end as a file does: it is cut off, or more follows')
  }
  return listed
}

function truncated(file: string, reader: ByteReader): VarveError {
  return arrowFault(file, `it is cut off after ${reader.position} bytes`)
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

import { hasCode, VarveError } from '../core/errors.ts'
import type { StoredObject } from '../core/objects.ts'
import { COLUMN, decodeBody, RAW, ZSTD } from './pack-encoding.ts'
import type { PackRecord } from './pack-record.ts'

/** Decodes a verified record; errors name the object. */
export async function decodeObject(record: PackRecord, pack: string): Promise<StoredObject> {
  try {
    const isPlain = record.base === undefined && record.parameters === undefined
    if (!isPlain && [RAW, ZSTD, COLUMN].includes(record.method)) {
      throw new VarveError('unsupported-format', 'its encoding takes no base and no parameters')
    }
    const bytes = await decodeBody(record.method, record.body, record.length)
    return { kind: record.kind, bytes }
  } catch (error) {
    throw aboutObject(error, record.id, pack)
  }
}

/** The error of a record, or what holds it, that is not what it has to be. */
export function damaged(what: string, pack: string): VarveError {
  return new VarveError('corrupt-object', `object ${what} in pack ${pack} is damaged`, {
    data: { id: what, pack },
  })
}

/** An error of a record's bytes, with the object and the pack that it is about. */
export function aboutObject(error: unknown, id: string, pack: string): unknown {
  if (!hasCode(error, 'corrupt-object')) return named(error, `object ${id}`, { id, pack })
  return new VarveError('corrupt-object', `object ${id} is damaged: ${error.message}`, {
    data: { id, pack },
    hint: 'varve fsck lists what else is damaged; another copy of the repository may have it',
    cause: error,
  })
}

/** An `unsupported-format` with what it is about; any other error as it is. */
export function named(error: unknown, what: string, data: Record<string, unknown> = {}): unknown {
  if (!hasCode(error, 'unsupported-format')) return error
  return new VarveError('unsupported-format', `${what}: ${error.message}`, {
    data: { ...error.data, ...data },
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  })
}

import { hasCode, VarveError } from '../core/errors.ts'
import { ID_BYTES } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'
import { withIds } from './cut-ids.ts'
import { COLUMN, decodeBody, RAW, ZSTD } from './pack-encoding.ts'
import type { PackRecord } from './pack-record.ts'

/** Decodes a verified record; errors name the object. */
export async function decodeObject(record: PackRecord, pack: string): Promise<StoredObject> {
  try {
    const isPlain = record.base === undefined && record.parameters === undefined
    if (!isPlain && [RAW, ZSTD, COLUMN].includes(record.method)) {
      throw new VarveError('unsupported-format', 'its encoding takes no base and no parameters')
    }
    const { kind, cuts = [] } = record
    const rest = await decodeBody(
      record.method,
      record.body,
      record.length - cuts.length * ID_BYTES,
    )
    return { kind, bytes: cuts.length === 0 ? rest : withIds(rest, cuts) }
  } catch (error) {
    throw aboutObject(error, record.id, pack)
  }
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
function named(error: unknown, what: string, data: Record<string, unknown> = {}): unknown {
  if (!hasCode(error, 'unsupported-format')) return error
  return new VarveError('unsupported-format', `${what}: ${error.message}`, {
    data: { ...error.data, ...data },
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  })
}

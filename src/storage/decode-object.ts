import type { Column } from '../core/column.ts'
import { decodeColumn, decodeColumnOnce } from '../core/column-codec.ts'
import { isBodyOfNumbers } from '../core/encoding/body.ts'
import { decodeRowsChain } from '../core/encoding/delta-chain.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { ObjectKind } from '../core/id.ts'
import type { StoredObject } from '../core/objects.ts'
import { type CutId, idWidth, withIds } from './cut-ids.ts'
import { COLUMN, decodeBody, decodeBodyWith, decodeDifference, isDelta } from './pack-encoding.ts'
import type { PackRecord } from './pack-record.ts'
import { loadZstd, type Zstd } from './zstd.ts'

/**
 * Decodes a verified record; errors name the object.
 * @param base the object that the record names as its base, where it names one
 */
export async function decodeObject(
  record: PackRecord,
  pack: string,
  base?: StoredObject,
): Promise<StoredObject> {
  try {
    checkShape(record)
    const { kind, method, cuts = [], body, length } = record
    if (base === undefined) {
      const rest = await decodeBody(method, body, length - cuts.length * idWidth(kind))
      return { kind, bytes: withCuts(kind, rest, cuts) }
    }
    if (base.kind !== kind) {
      throw new VarveError('corrupt-object', `its base ${record.base} is a ${base.kind}`)
    }
    const whole = withCuts(kind, body, cuts)
    return { kind, bytes: await decodeDifference(kind, method, whole, base.bytes, length) }
  } catch (error) {
    throw aboutObject(error, record.id, pack)
  }
}

/**
 * What differences of columns that follow one another make of a base, the first of them first; undefined where they
 * have to be decoded one by one, and where something is wrong with one of them.
 * @param base undefined where it is the first of `links`, a whole column
 */
export async function decodeTogether(
  links: readonly { readonly record: PackRecord }[],
  base?: StoredObject,
): Promise<StoredObject | undefined> {
  try {
    const records = links.map(({ record }) => record)
    for (const record of records) {
      checkShape(record)
      if (record.kind !== 'column' || record.cuts !== undefined) return undefined
    }
    if (base !== undefined && base.kind !== 'column') return undefined
    const zstd = await loadZstd()
    const column =
      base === undefined ? brieflyDecoded(records.shift()!, zstd) : decodeColumnOnce(base.bytes)
    const bytes = decodeRowsChain(records, column, zstd)
    return bytes && { kind: 'column', bytes }
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}

/** Whether differences can be decoded together with the whole column that the first of them is to. */
export function canBegin({ method, body }: PackRecord): boolean {
  return method === COLUMN && isBodyOfNumbers(body)
}

/** A whole column, until something else is decoded. */
function brieflyDecoded({ method, body, length }: PackRecord, zstd: Zstd): Column {
  return decodeColumn(decodeBodyWith(zstd, method, body, length, true))
}

function checkShape({ method, base, parameters }: PackRecord): void {
  if (parameters !== undefined || (base !== undefined && !isDelta(method))) {
    throw new VarveError('unsupported-format', 'its encoding takes no base and no parameters')
  }
  if (base === undefined && isDelta(method)) {
    throw new VarveError('corrupt-object', 'it is a difference to nothing')
  }
}

function withCuts(kind: ObjectKind, rest: Uint8Array, cuts: readonly CutId[]): Uint8Array {
  if (cuts.length === 0) return rest
  let room = rest.length
  for (const { gap } of cuts) room -= gap
  if (room < 0) throw new VarveError('corrupt-object', 'an id stands outside of its bytes')
  return withIds(kind, rest, cuts)
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

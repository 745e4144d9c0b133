import type { ErrorCode, VarveError } from '../core/errors.ts'
import { decodeKey } from '../core/key-decode.ts'
import type { SeriesRange } from '../core/series-verify.ts'
import { formatKey } from '../plumbing/key-text.ts'
import { asFault } from './fsck-fault.ts'
import type { Found } from './fsck-objects.ts'

/** Something that is wrong. */
export interface FsckProblem {
  readonly kind: 'problem'
  readonly code: ErrorCode
  readonly message: string
  /** The object that is damaged or missing, or cannot be read for want of another. */
  readonly object?: string
  /** What `object` is a difference to, where that is why it cannot be read. */
  readonly damaged?: string
  readonly pack?: string
  /** The name of a file of the ref log, such as `log/000000000007`. */
  readonly file?: string
  /** The commit in which it was met first. */
  readonly commit?: string
  /** The series or collection, as that commit calls it. */
  readonly path?: string
  readonly column?: string
  /** The range of the index: its first key, its last, and the rows from one to the other. */
  readonly first?: string
  readonly last?: string
  readonly rows?: number
  /** What leads there: a ref, the ref log, the index. */
  readonly from?: string
  /** What mends it, where that is no repair: of files of the work tree. */
  readonly hint?: string
}

export function problemOf(error: unknown, where: Partial<FsckProblem> = {}): FsckProblem {
  const { code, message, data, hint } = asFault(error)
  const damaged = data.damaged ?? data.base
  return {
    kind: 'problem',
    code,
    message,
    ...(typeof data.id === 'string' && { object: data.id }),
    ...(typeof damaged === 'string' && { damaged }),
    ...(typeof data.pack === 'string' && { pack: data.pack }),
    ...(code === 'corrupt-file' && hint !== undefined && { hint }),
    ...where,
  }
}

/** What a walk found, with where it did. */
export function problemFound({ error, from, commit, path, part }: Found): FsckProblem {
  const { range, column } = part ?? {}
  return problemOf(error, {
    ...(from !== undefined && { from }),
    ...(commit !== undefined && { commit }),
    ...(path !== undefined && { path }),
    ...(column !== undefined && { column }),
    ...(range !== undefined && rangeText(range)),
  })
}

export function problemOfLog(error: VarveError): FsckProblem {
  const { name } = error.data
  return problemOf(error, typeof name === 'string' ? { file: name } : {})
}

function rangeText({ schema, first, last, rows }: SeriesRange) {
  const types = schema.columns.slice(0, schema.indexCount).map(({ type }) => type)
  const text = (key: Uint8Array): string | undefined => {
    try {
      return formatKey(schema, decodeKey(key, types, schema.duplicates).values)
    } catch (error) {
      asFault(error)
      return undefined
    }
  }
  const [from, to] = [text(first), text(last)]
  return { rows, ...(from !== undefined && { first: from }), ...(to !== undefined && { last: to }) }
}

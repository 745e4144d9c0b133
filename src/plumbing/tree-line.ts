import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { checkSeriesName } from '../core/names.ts'
import type { TreeEntryKind } from '../core/tree.ts'
import { quotePath, unquotePath } from './quote-path.ts'

/** One path as `ls-tree` prints it and `mktree` and `update-index --index-info` read it. */
export interface TreeLine {
  readonly path: string
  readonly kind: TreeEntryKind
  readonly id: Id
  readonly settings?: Id | undefined
}

/** A line that takes a path away. */
export interface RemovalLine {
  readonly path: string
  readonly kind: '0'
}

export const ZERO_ID = '0'.repeat(64) as Id

/** `kind SP id [SP settings-id] TAB path`, the path quoted unless `zero`. */
export function formatTreeLine(line: TreeLine, zero = false): string {
  const { kind, id, settings, path } = line
  const ids = settings === undefined ? id : `${id} ${settings}`
  return `${kind} ${ids}\t${zero ? path : quotePath(path)}`
}

/**
 * Reads what {@link formatTreeLine} wrote; kind `0`, or an id of zeros, is a removal. `bad-input`
 * with the line's number, or `invalid-name`, when it is not such a line.
 */
export function parseTreeLine(text: string, number: number, zero = false): TreeLine | RemovalLine {
  const match = /^(\S+) ([0-9a-f]+)(?: ([0-9a-f]{64}))?\t(.+)$/su.exec(text)
  if (match === null) throw badLine(text, number)
  const [, kind, id, settings, rest] = match
  const path = checkSeriesName(zero ? rest! : unquotePath(rest!))
  if (kind === '0' || id === ZERO_ID) return { path, kind: '0' }
  if ((kind !== 'tree' && kind !== 'series') || !isId(id!)) throw badLine(text, number)
  return { path, kind, id, settings: settings as Id | undefined }
}

function badLine(text: string, line: number): VarveError {
  const shown = JSON.stringify(text.length > 100 ? `${text.slice(0, 97)}…` : text)
  return new VarveError('bad-input', `line ${line} is not an entry of a tree: ${shown}`, {
    data: { line, found: text.slice(0, 1000), expected: 'kind SP id [SP settings-id] TAB path' },
    hint: 'an entry is: series or tree, a space, its whole id, a tab, its path',
  })
}

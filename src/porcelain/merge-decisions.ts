import { scalarAt } from '../core/column-ops.ts'
import { VarveError } from '../core/errors.ts'
import type { Take } from '../core/merge-group.ts'
import { placeOfRow } from '../formats/source-frame.ts'
import type { InputTable } from '../formats/table.ts'
import { formatOf, openFormat } from '../formats/table-formats.ts'
import { temporarySpill } from '../plumbing/series-files.ts'
import { conflictKey } from './merge-conflicts.ts'

/** How one conflict is settled: by a version, or by a value as text; null for none. */
export type Decision = { readonly take: Take } | { readonly value: string | null }

/** A decision of a table, and where it stands there. */
export interface PlacedDecision {
  readonly decision: Decision
  /** As messages begin. */
  readonly place: string
  /** What the versions were when the table was made, as far as it says. */
  readonly seen: ReadonlyMap<Take, string>
}

const NEEDED = ['series', 'key', 'column'] as const
const VERSIONS: readonly Take[] = ['base', 'ours', 'theirs']
const TAKES: readonly string[] = VERSIONS

/**
 * Reads a table of conflicts with decisions: the columns series, key and column say which conflict a
 * row is about, `take` holds base, ours, theirs, value or null, and `value` a value of one's own. Rows
 * that decide nothing are left out. `bad-input`, naming the line, for what is none of these.
 */
export async function readDecisions(input: InputTable): Promise<Map<string, PlacedDecision>> {
  const format = await openFormat(formatOf(input))
  const names = await format.columns(input)
  for (const name of NEEDED) if (!names.includes(name)) throw missing(input.name, name, names)
  if (!names.includes('take') && !names.includes('value')) {
    throw missing(input.name, 'take', names)
  }
  const others = names.filter((name) => name !== 'series')
  const columns = ['series', ...others].map((name) => ({ name, type: 'string' as const }))
  const schema = { columns, indexCount: 1, duplicates: true }
  const decisions = new Map<string, PlacedDecision>()
  for await (const frame of format.read(input, { schema, spill: temporarySpill() })) {
    const at = new Map(frame.schema.columns.map(({ name }, i) => [name, frame.columns[i]!]))
    for (let row = 0; row < frame.rows; row++) {
      const cell = (name: string) => {
        const column = at.get(name)
        return column === undefined ? null : (scalarAt(column, row) as string | null)
      }
      const place = placeOfRow(frame, row)?.text ?? input.name
      const decision = decisionOf(cell('take'), cell('value'), place)
      if (decision === undefined) continue
      const about = {
        series: cell('series')!,
        key: cell('key') ?? undefined,
        column: cell('column') ?? undefined,
      }
      const key = conflictKey(about)
      if (decisions.has(key)) {
        throw new VarveError('bad-input', `${place}: this conflict is decided twice`, {
          data: { ...about, place },
        })
      }
      const seen = new Map<Take, string>()
      for (const side of VERSIONS) {
        const text = cell(side)
        if (text !== null && text !== '') seen.set(side, text)
      }
      decisions.set(key, { decision, place, seen })
    }
  }
  return decisions
}

function decisionOf(
  take: string | null,
  value: string | null,
  place: string,
): Decision | undefined {
  if (take === null || take === '') return value === null ? undefined : { value }
  if (TAKES.includes(take)) {
    if (value === null) return { take: take as Take }
  } else if (take === 'null' && value === null) {
    return { value: null }
  } else if (take === 'value' && value !== null) {
    return { value }
  }
  const found = value === null ? JSON.stringify(take) : `${JSON.stringify(take)} with a value`
  throw new VarveError('bad-input', `${place}: take is ${found}`, {
    data: { place, found: take, expected: [...TAKES, 'value', 'null'] },
    hint: 'take is base, ours or theirs, or null; a value of your own stands in the column value',
  })
}

function missing(file: string, name: string, found: readonly string[]): VarveError {
  return new VarveError('bad-input', `${file}: there is no column ${name}`, {
    data: { file, found, expected: [...NEEDED, 'take', 'value'] },
    hint: 'varve merge --conflicts --csv > FILE makes the table: fill in take or value',
  })
}

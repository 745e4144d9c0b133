import { equalBytes } from '../core/bytes.ts'
import { type ColumnType, isNumberType, type Scalar } from '../core/column.ts'
import { columnOf } from '../core/column-builder.ts'
import { canWiden, scalarAt, widenColumn } from '../core/column-ops.ts'
import { hasCode } from '../core/errors.ts'
import type { Schema } from '../core/schema.ts'
import type { RowChange, SchemaChange } from '../core/series-diff.ts'
import { isWithinTolerance, type Tolerance } from '../core/tolerance.ts'

/** A value column of two series that are compared; one side may lack it. */
export interface ComparedColumn {
  /** As the new series calls it, where it has it. */
  readonly name: string
  readonly old: ColumnPlace | undefined
  readonly new: ColumnPlace | undefined
  /** Numbers that differ by no more are the same. */
  readonly tolerance?: Tolerance | undefined
}

interface ColumnPlace {
  /** Among the value columns. */
  readonly at: number
  readonly type: ColumnType
}

/** A value that a row had, and the one that it has. */
export interface Cell {
  readonly name: string
  readonly old?: CellValue
  readonly new?: CellValue
}

export interface CellValue {
  readonly value: Scalar
  readonly type: ColumnType
}

/** The value columns of two series side by side, in the order of the new one, then dropped ones. */
export function comparedColumns(
  old: Schema | undefined,
  fresh: Schema | undefined,
  changes: readonly SchemaChange[],
  names?: readonly string[],
  tolerance?: Tolerance,
): ComparedColumn[] {
  const renamed = new Map(
    changes.flatMap((change) => (change.kind === 'renamed' ? [[change.to, change.from]] : [])),
  )
  const before = places(old)
  const after = places(fresh)
  const columns: ComparedColumn[] = []
  const isWanted = (...given: (string | undefined)[]) =>
    names === undefined || given.some((name) => name !== undefined && names.includes(name))
  for (const [name, place] of after) {
    const oldName = renamed.get(name) ?? name
    const was = before.get(oldName)
    before.delete(oldName)
    if (isWanted(name, oldName)) columns.push({ name, old: was, new: place, tolerance })
  }
  for (const [name, place] of before) {
    if (isWanted(name)) columns.push({ name, old: place, new: undefined })
  }
  return columns
}

function places(schema: Schema | undefined): Map<string, ColumnPlace> {
  const values = schema?.columns.slice(schema.indexCount) ?? []
  return new Map(values.map(({ name, type }, at) => [name, { at, type }]))
}

/** Of a revised row the cells that differ, of any other all its cells. */
export function changedCells(columns: readonly ComparedColumn[], change: RowChange): Cell[] {
  const cells: Cell[] = []
  for (const { name, old, new: fresh, tolerance } of columns) {
    const was = valueAt(change.old, old)
    const is = valueAt(change.new, fresh)
    if (change.class !== 'revised') {
      if (was === undefined && is === undefined) continue
    } else if (isSame(was, is) || isClose(was, is, tolerance)) continue
    cells.push({ name, ...(was && { old: was }), ...(is && { new: is }) })
  }
  return cells
}

function valueAt(
  values: readonly Scalar[] | undefined,
  place: ColumnPlace | undefined,
): CellValue | undefined {
  if (values === undefined || place === undefined) return undefined
  return { value: values[place.at]!, type: place.type }
}

/** Bit for bit, after widening the narrower type; what is not there is null. */
function isSame(a: CellValue | undefined, b: CellValue | undefined): boolean {
  const x = a?.value ?? null
  const y = b?.value ?? null
  if (x === null || y === null) return x === y
  if (a!.type === b!.type) return equalScalars(x, y)
  if (canWiden(a!.type, b!.type)) return equalScalars(widened(a!, b!.type), y)
  if (canWiden(b!.type, a!.type)) return equalScalars(x, widened(b!, a!.type))
  return false
}

/** `rtol` is a part of the old value. */
function isClose(
  a: CellValue | undefined,
  b: CellValue | undefined,
  tolerance: Tolerance | undefined,
): boolean {
  if (tolerance === undefined || a === undefined || b === undefined) return false
  if (a.value === null || b.value === null) return false
  if (!isNumberType(a.type) || !isNumberType(b.type)) return false
  return isWithinTolerance(numberOf(a), numberOf(b), tolerance)
}

/** Integers of any width as bigints, which are compared exactly. */
function numberOf({ value, type }: CellValue): number | bigint {
  return type.startsWith('float') ? Number(value) : BigInt(value as number | bigint)
}

function widened({ value, type }: CellValue, to: ColumnType): Scalar | undefined {
  try {
    return scalarAt(widenColumn(columnOf(type, [value]), to), 0)
  } catch (error) {
    // It has no equal in the wider type.
    if (hasCode(error, 'invalid-value')) return undefined
    throw error
  }
}

function equalScalars(a: Scalar | undefined, b: Scalar | undefined): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b)
  return Object.is(a, b)
}

import { VarveError } from '../../core/errors.ts'
import { indexFault } from './cell-faults.ts'
import type { CellForm } from './cell-form.ts'
import { cellReader } from './cell-reader.ts'
import { CellSink } from './cell-sink.ts'
import { CollectedRows } from './collected-rows.ts'
import type { TableClocks } from './column-clock.ts'
import type { CellReader } from './each-cell.ts'
import type { BatchTaker, FirstPass, FoundTable } from './first-pass.ts'
import type { PlainCells } from './plain-cells.ts'
import type { Tokenizer } from './tokenizer.ts'

/** A column whose type is known for sure: nobody looks at its cells. */
interface SureColumn {
  readonly column: number
  readonly read: CellReader
}

/** Rows taken as a table is assumed to be, while they are looked at. */
export class GuessedRows implements BatchTaker {
  readonly collected: CollectedRows
  readonly #batch: Tokenizer
  readonly #cells: readonly number[]
  readonly #sinks = new Map<string, CellSink>()
  readonly #sure: SureColumn[] = []
  /** The columns of the index that could have a NaN. */
  readonly #floats: readonly number[]
  #areGood = true

  constructor(
    pass: FirstPass,
    { schema, layouts }: FoundTable,
    clocks: TableClocks,
    comma: boolean,
  ) {
    const { columns, indexCount } = schema
    this.#batch = pass.stream.tokenizer
    this.#cells = pass.cellsOf(schema)
    this.collected = new CollectedRows(columns.map(({ type }) => type))
    for (const [column, { name, type }] of columns.entries()) {
      const form: CellForm = { clock: clocks.columns[column], layout: layouts.get(name), comma }
      if (pass.looksAt(name)) {
        const builder = this.collected.builders[column]!
        this.#sinks.set(name, new CellSink(this.#batch, this.#cells[column]!, builder, form))
      } else this.#sure.push({ column, read: cellReader(type, form) })
    }
    this.#floats = [...columns.keys()].filter(
      (column) => column < indexCount && columns[column]!.type.startsWith('float'),
    )
  }

  /** Whether all cells so far were of their types. */
  get areGood(): boolean {
    if (!this.#areGood) return false
    for (const { isGood } of this.#sinks.values()) if (!isGood) return false
    return true
  }

  begin(rows: number): void {
    for (const builder of this.collected.builders) builder.reserve(rows)
  }

  sinkOf(name: string): CellSink | undefined {
    return this.#sinks.get(name)
  }

  finish(rows: number, cells: PlainCells): void {
    if (!this.areGood) return
    const { builders } = this.collected
    for (const column of this.#floats) {
      const { type } = builders[column]!
      if (indexFault(this.#batch, this.#cells[column]!, rows, type) < rows) this.#areGood = false
    }
    for (const { column, read } of this.#sure) {
      const cell = this.#cells[column]!
      if (!this.#takes(() => read(this.#batch, cell, rows, builders[column]!, cells) === rows)) {
        this.#areGood = false
        return
      }
    }
    this.collected.addLines(this.#batch, rows)
  }

  #takes(read: () => boolean): boolean {
    try {
      return read()
    } catch (error) {
      if (error instanceof VarveError) return false
      throw error
    }
  }
}

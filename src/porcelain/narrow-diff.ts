import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { VarveError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { Schema } from '../core/schema.ts'
import type { DiffOptions } from '../core/series-diff.ts'
import type { Tolerance } from '../core/tolerance.ts'
import type { Zone } from '../core/zone.ts'

/** To which rows and columns a comparison is narrowed. */
export interface Narrowing extends BoundTexts {
  /** Names of the value columns to compare; all unless given. */
  readonly columns?: readonly string[] | undefined
  /** Numbers that differ by no more are the same. */
  readonly tolerance?: Tolerance | undefined
  readonly signal?: AbortSignal | undefined
}

export function isNarrowed(options: Narrowing): boolean {
  const { columns, tolerance } = options
  return columns !== undefined || tolerance !== undefined || isBounded(options)
}

/** What of two series is compared: the bounds in keys of the schema. Errors as `boundsFor`. */
export function narrowedTo(
  schema: Schema | undefined,
  options: Narrowing,
  zone: Zone | undefined,
): DiffOptions {
  const bounds = schema !== undefined && isBounded(options) ? boundsFor(schema, options, zone) : {}
  return { ...bounds, names: options.columns }
}

function isBounded({ from, to, at }: BoundTexts): boolean {
  return from !== undefined || to !== undefined || at !== undefined
}

/** The columns that are asked for, and which of them were found. */
export class WantedColumns {
  readonly #wanted: readonly string[] | undefined
  readonly #missing: Set<string>
  readonly #seen = new Set<string>()

  constructor(wanted: readonly string[] | undefined) {
    this.#wanted = wanted
    this.#missing = new Set(wanted)
  }

  /** Whether one of two schemas has a value column that is asked for. */
  hasAny(...schemas: readonly (Schema | undefined)[]): boolean {
    if (this.#wanted === undefined) return true
    let any = false
    for (const schema of schemas) {
      for (const { name } of schema?.columns.slice(schema.indexCount) ?? []) {
        if (this.#seen.size < 1000) this.#seen.add(name)
        if (!this.#wanted.includes(name)) continue
        this.#missing.delete(name)
        any = true
      }
    }
    return any
  }

  /** `column-not-found` where one was in none, though there was something to look in. */
  checkAll(): void {
    const [name] = this.#missing
    if (name === undefined || this.#seen.size === 0) return
    const near = nearest(name, this.#seen)
    throw new VarveError(
      'column-not-found',
      `no series that differs has a value column ${JSON.stringify(name)}`,
      {
        data: { column: name, ...(near !== undefined && { nearest: near }) },
        ...(near !== undefined && { hint: `did you mean ${near}?` }),
      },
    )
  }
}

import type { Spill } from '../../core/spill.ts'
import { KeptBytes } from '../csv/kept-bytes.ts'
import { openUnpacked } from '../decompress.ts'
import { chosenColumns } from '../map-columns.ts'
import type { InputTable, TableFormat } from '../table.ts'
import { guessNdjson } from './infer-ndjson.ts'
import { inputOf, readNames, readNdjson, schemaIn } from './read-ndjson.ts'
import { writeNdjson } from './write-ndjson.ts'

const MEMORY_BYTES = 64 * 1024 * 1024

/** Objects, one a line or all in one array: see `docs/formats.md`. */
export const ndjsonFormat: TableFormat = {
  async columns(input) {
    const names = await readNames({ file: input.name, source: openUnpacked(input) })
    return chosenColumns({ file: input.name, names }, input.reading).header.names
  },
  async infer(input, options) {
    const source = new TwiceRead(input, options.spill)
    try {
      const { schema, sorted, layouts } = await guessNdjson(inputOf(input, source.first()), options)
      return {
        schema,
        sorted,
        emptyRows: 0,
        async *frames() {
          try {
            yield* readNdjson(inputOf(input, source.second()), { schema, layouts })
          } finally {
            await source.discard()
          }
        },
        discard: () => source.discard(),
      }
    } catch (error) {
      await source.discard()
      throw error
    }
  },
  async *read(input, { schema, subset, spill }) {
    if (subset !== true) {
      yield* readNdjson(inputOf(input, openUnpacked(input)), { schema })
      return
    }
    // Which columns there are is known when all objects were seen.
    const source = new TwiceRead(input, spill)
    try {
      const names = await readNames({ file: input.name, source: source.first() })
      if (names.length === 0) return
      const there = schemaIn({ file: input.name, reading: input.reading ?? {} }, names, schema)
      yield* readNdjson(inputOf(input, source.second()), { schema: there })
    } finally {
      await source.discard()
    }
  },
  write: writeNdjson,
}

/** An input that is read twice: what can be opened only once is kept meanwhile. */
class TwiceRead {
  readonly #input: InputTable
  readonly #kept: KeptBytes

  constructor(input: InputTable, spill: Spill | undefined) {
    this.#input = input
    this.#kept = new KeptBytes(MEMORY_BYTES, spill)
    if (input.once !== true) input.willRead?.(2)
  }

  async *first(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of openUnpacked(this.#input)) {
      if (this.#input.once === true) await this.#kept.add(chunk)
      yield chunk
    }
  }

  second(): AsyncIterable<Uint8Array> {
    return this.#input.once === true ? this.#kept.read() : openUnpacked(this.#input)
  }

  async discard(): Promise<void> {
    await this.#kept.discard()
  }
}

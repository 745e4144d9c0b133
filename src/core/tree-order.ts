import { compareBytes, textToBytes } from './bytes.ts'

const SLASH = textToBytes('/')

/** What stands under one name of a collection, in a listing by whole paths. */
export interface PathItem<T> {
  readonly name: string
  /** Its place is that of the name. */
  readonly at?: T | undefined
  /** Its place is that of the name and a `/`. */
  readonly inside?: (() => AsyncIterable<T>) | undefined
}

/**
 * Lists items that are sorted by name in the order of whole paths: `a`, `a-b`, `a/c`. What is in
 * a collection waits until the names that begin like it and go on with less than a `/` are out.
 */
export async function* inPathOrder<T>(items: AsyncIterable<PathItem<T>>): AsyncGenerator<T> {
  // Each that has to wait begins with the name of the one before, so the last comes out first.
  const waiting: { readonly place: Uint8Array; readonly inside: () => AsyncIterable<T> }[] = []
  for await (const { name, at, inside } of items) {
    const key = textToBytes(name)
    for (;;) {
      const last = waiting[waiting.length - 1]
      if (last === undefined || compareBytes(last.place, key) > 0) break
      waiting.pop()
      yield* last.inside()
    }
    if (at !== undefined) yield at
    if (inside !== undefined) waiting.push({ place: Buffer.concat([key, SLASH]), inside })
  }
  for (let last = waiting.pop(); last !== undefined; last = waiting.pop()) yield* last.inside()
}

import { expect } from 'vitest'

// As `toEqual` looks at each element as a property of an object, a few hundred kilobytes take it seconds. What is equal byte
// by byte is equal; all else is left to it.
expect.addEqualityTesters([
  (a: unknown, b: unknown) =>
    isTyped(a) && isTyped(b) && a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b))
      ? true
      : undefined,
])

const isTyped = (value: unknown): value is NodeJS.TypedArray =>
  ArrayBuffer.isView(value) && !(value instanceof DataView)

const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

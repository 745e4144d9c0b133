import fc from 'fast-check'

/** A unit of texts: any code point but halves of surrogate pairs. fast-check's own `binary` lists all million of them first. */
export const anyCodePoint = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800))

// What a cell can be, as bits: a column is all that its cells have been so far.

export const BOOL = 1
export const DATE = 2
export const TIME = 4
export const WHOLE = 8
export const DECIMAL = 16
export const TEXT = 32
/** A date or time as it is written, of a day or an hour that does not exist. */
export const IMPOSSIBLE = 64
/** A date or a time in a layout other than ISO 8601. */
export const LAID_DATE = 128
export const LAID_TIME = 256
/** A text that commonly stands for no value. */
export const MARKER = 512
/** A number with another mark in front of its fraction, or with digits in groups. */
export const ODD_NUMBER = 1024

export const ISO = DATE | TIME
export const LAID = LAID_DATE | LAID_TIME

/** What mutants are made of. */
export interface Seeds {
  /** Bytes that the decoder takes; never changed. */
  readonly samples: readonly Uint8Array[]
  /** Pieces that mean something to the decoder: a mutant may be put together of these alone. */
  readonly words?: readonly Uint8Array[]
}

type Random = () => number

/** Numbers at which fields overflow, wrap, or ask for more than there is. */
const NUMBERS = [
  0,
  1,
  2,
  7,
  8,
  63,
  64,
  127,
  128,
  255,
  256,
  0x7fff,
  0xffff,
  0x10000,
  1 << 20,
  1 << 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 48,
  2 ** 53 - 1,
]

/** Mutants longer than this say nothing new, and take long. */
const LONGEST = 64 * 1024

export interface Mutant {
  readonly bytes: Uint8Array
  /** Position of the sample that it was made of; 0 where it was made of words alone. */
  readonly sample: number
}

/** A sample, changed in one to five places, most often in one; or words put together. */
export function mutant({ samples, words = [] }: Seeds, random: Random): Mutant {
  if (words.length > 0 && random() < 0.3) return { bytes: sentence(words, random), sample: 0 }
  const sample = below(samples.length, random)
  let bytes: Uint8Array = Uint8Array.from(samples[sample]!)
  for (let edits = 1 + below(5, () => random() ** 3); edits > 0; edits--) {
    bytes = edited(bytes, samples, words, random)
    if (bytes.length > LONGEST) bytes = bytes.slice(0, LONGEST)
  }
  return { bytes, sample }
}

function edited(
  bytes: Uint8Array,
  samples: readonly Uint8Array[],
  words: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  const at = place(bytes.length, random)
  switch (below(words.length > 0 ? 11 : 9, random)) {
    case 0:
      if (at < bytes.length) bytes[at]! ^= 1 << below(8, random)
      return bytes
    case 1:
      if (at < bytes.length) bytes[at] = below(256, random)
      return bytes
    case 2:
      return replaced(bytes, at, below(9, random), [varint(oneOf(NUMBERS, random))])
    case 3:
      return replaced(bytes, at, 4, [fixed(oneOf(NUMBERS, random))])
    case 4:
      return random() < 0.3 ? bytes.slice(0, at) : replaced(bytes, at, 1 + below(16, random), [])
    case 5: {
      const piece = bytes.slice(at, at + 1 + below(32, random))
      return replaced(bytes, at, 0, [piece])
    }
    case 6: {
      const piece = bytes.slice(at, at + 1 + below(64, random))
      return replaced(bytes, place(bytes.length, random), 0, [piece])
    }
    case 7: {
      const other = oneOf(samples, random)
      const from = place(other.length, random)
      const piece = other.subarray(from, from + 1 + below(other.length, random))
      return replaced(bytes, at, below(piece.length + 1, random), [piece])
    }
    case 8: {
      const [value, count] = [below(256, random), 1 + below(16, random)]
      return replaced(bytes, at, random() < 0.5 ? count : 0, [new Uint8Array(count).fill(value)])
    }
    default:
      return replaced(bytes, at, below(4, random), [oneOf(words, random)])
  }
}

function sentence(words: readonly Uint8Array[], random: Random): Uint8Array {
  // Seldom long: what takes time or depth in proportion to length shows.
  const length = 1 + below(random() < 0.02 ? 2000 : 14, random)
  const repeat = random() < 0.1
  const word = oneOf(words, random)
  return joined(Array.from({ length }, () => (repeat ? word : oneOf(words, random))))
}

/** A place in bytes: most often near the beginning or the end, where the fields are. */
function place(length: number, random: Random): number {
  const kind = random()
  const share = kind < 0.4 ? random() ** 4 : kind < 0.6 ? 1 - random() ** 4 : random()
  return Math.min(length, Math.floor(share * (length + 1)))
}

function replaced(
  bytes: Uint8Array,
  at: number,
  count: number,
  pieces: readonly Uint8Array[],
): Uint8Array {
  return joined([bytes.subarray(0, at), ...pieces, bytes.subarray(at + count)])
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces))
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Uint8Array.from([...bytes, rest])
}

function fixed(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value % 2 ** 32)
  return bytes
}

export function below(limit: number, random: Random): number {
  return Math.floor(random() * limit)
}

export function oneOf<T>(list: readonly T[], random: Random): T {
  return list[below(list.length, random)]!
}

/** Texts as {@link Seeds.words} or samples. */
export const JSON_MARKS: readonly string[] = ['{', '}', '[', ']', '"', ':', ',']

export function textBytes(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => new Uint8Array(Buffer.from(text)))
}

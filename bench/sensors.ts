import { closeSync, openSync, writeSync } from 'node:fs'

/** Random numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const START = Date.UTC(2026, 0, 1)
const BLOCK = 10_000

/**
 * Writes a CSV of a sensor: a time each second, and a value with two decimals that walks at random.
 * Returns the bytes written.
 */
export function writeSensors(path: string, rows: number, seed = 1): number {
  const random = seeded(seed)
  const file = openSync(path, 'w')
  let hundredths = 2000
  let bytes = writeSync(file, 'time,value\n')
  for (let from = 0; from < rows; from += BLOCK) {
    let text = ''
    for (let row = from; row < Math.min(rows, from + BLOCK); row++) {
      hundredths += Math.round((random() + random() - 1) * 5)
      const time = new Date(START + row * 1000).toISOString().slice(0, 19)
      text += `${time}Z,${(hundredths / 100).toFixed(2)}\n`
    }
    bytes += writeSync(file, text)
  }
  closeSync(file)
  return bytes
}

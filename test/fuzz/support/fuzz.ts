import { getHeapStatistics } from 'node:v8'
import { expect } from 'vitest'
import { VarveError } from '../../../src/core/errors.ts'
import { effort } from '../../support/effort.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { type Mutant, mutant, type Seeds } from './mutate.ts'

export interface FuzzTarget extends Seeds {
  readonly name: string
  /** Puts right what only says that bytes are as written, so that the decoder sees them. */
  seal?(bytes: Uint8Array): Uint8Array
  /**
   * Decodes all that can be.
   * @param sample position of the sample that the bytes were made of
   */
  decode(bytes: Uint8Array, random: () => number, sample: number): unknown
  /** Decoded as they are, none is refused; not where samples are only parts. */
  readonly whole?: boolean
}

/** Bytes that decoding one input may allocate. */
const MEMORY = 256 * 1024 * 1024
/** Milliseconds of the processor's time that one input may take. */
const TIME = 1000

/** Inputs of each target: so many in `npm test`, so many by night. */
export const INPUTS = { quick: 2000, usual: 20_000, nightly: 1_000_000 }

export interface FuzzOutcome {
  /** Inputs that were something. */
  readonly read: number
  /** Inputs that were refused, by code. */
  readonly refused: ReadonlyMap<string, number>
}

/**
 * Decodes mutants. Each is something or refused by a `VarveError`, within {@link MEMORY} and {@link TIME}.
 * An input's number is its seed: that of one that fails is in the message, with its bytes.
 */
export async function fuzz(target: FuzzTarget, inputs = effort(INPUTS)): Promise<FuzzOutcome> {
  const outcome = { read: 0, refused: new Map<string, number>() }
  if (target.whole !== false) {
    for (const [at, sample] of target.samples.entries()) {
      await target.decode(target.seal?.(sample) ?? sample, seededRandom(0), at)
    }
  }
  const first = Number(process.env.VARVE_FUZZ_FIRST ?? 0)
  for (let seed = first; seed < first + inputs; seed++) {
    const code = await attempt(target, seed)
    if (code === undefined) outcome.read++
    else outcome.refused.set(code, (outcome.refused.get(code) ?? 0) + 1)
    // Else nothing else of this process would run until the last input.
    if (seed % 1000 === 999) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(outcome.read + [...outcome.refused.values()].reduce((a, b) => a + b, 0)).toBe(inputs)
  return outcome
}

/** The code of the error that an input was refused with. */
async function attempt(target: FuzzTarget, seed: number): Promise<string | undefined> {
  const { bytes, sample } = inputOf(target, seed)
  const external = getHeapStatistics().external_memory
  const start = performance.now()
  let code: string | undefined
  try {
    const decoded = target.decode(bytes, seededRandom(seed), sample)
    if (decoded instanceof Promise) await decoded
  } catch (error) {
    if (!(error instanceof VarveError)) throw failure(target, seed, bytes, 'another error', error)
    code = error.code
  }
  const allocated = getHeapStatistics().external_memory - external
  if (allocated > MEMORY) throw failure(target, seed, bytes, `${allocated} bytes of memory`)
  if (performance.now() - start > TIME) {
    const spent = await processorTime(target, seed)
    if (spent > TIME) throw failure(target, seed, bytes, `${spent} ms`)
  }
  return code
}

function inputOf(target: FuzzTarget, seed: number): Mutant {
  const { bytes, sample } = mutant(target, seededRandom(seed))
  return { bytes: target.seal?.(bytes) ?? bytes, sample }
}

/** The processor's time for one input, in milliseconds: the machine may have been busy with others. */
async function processorTime(target: FuzzTarget, seed: number): Promise<number> {
  const { bytes, sample } = inputOf(target, seed)
  const before = process.cpuUsage()
  try {
    await target.decode(bytes, seededRandom(seed), sample)
  } catch {
    // It was looked at before.
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function failure(
  { name }: FuzzTarget,
  seed: number,
  bytes: Uint8Array,
  what: string,
  cause?: unknown,
): Error {
  const shown = Buffer.from(bytes.subarray(0, 4096)).toString('base64')
  const text = cause instanceof Error ? `: ${cause.stack}` : ''
  return new Error(`${name}, input ${seed}: ${what}${text}\n${bytes.length} bytes: ${shown}`, {
    cause,
  })
}

import { type MessagePort, workerData } from 'node:worker_threads'
import type { Column } from '../core/column.ts'
import { encodeColumn } from '../core/column-codec.ts'
import { encodeColumnBody } from '../core/encoding/body.ts'
import { type ErrorCode, VarveError } from '../core/errors.ts'
import { hashObject, type Id } from '../core/id.ts'
import { zstdChoice } from '../zstd/load.ts'
import { type CheckColumnOptions, type CheckedColumn, checkColumn } from './check-column.ts'
import { encodeBody } from './pack-encoding.ts'
import { loadZstd } from './zstd.ts'

// What a thread that works on columns runs. They come and go in buffers that are handed over and back.

/** A column to hash and to encode. */
export interface EncodeOrder {
  /** Its canonical bytes, and room behind them. */
  readonly buffer: ArrayBuffer
  /** Of the canonical bytes. */
  readonly length: number
  /** Of zstd. */
  readonly level: number
  readonly hashOnly: boolean
}

/** Columns to decode, to hash and to look through. */
export interface CheckOrder {
  /** Their bodies end to end, and room behind them. */
  readonly buffer: ArrayBuffer
  readonly columns: readonly OrderedColumn[]
  readonly options: CheckColumnOptions
}

/** One of them: what is known of it beside its body. */
export interface OrderedColumn {
  /** Of the body. */
  readonly bodyLength: number
  readonly method: number
  /** Of the canonical bytes. */
  readonly length: number
}

/** The answers come in the order of the orders. */
export interface Answer {
  /** The same as came. */
  readonly buffer: ArrayBuffer
  readonly error?: AnsweredError
}

export interface AnsweredError {
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly data?: Readonly<Record<string, unknown>> | undefined
  readonly hint?: string | undefined
}

export interface CheckAnswer extends Answer {
  /** What was found of each, or what is wrong with it. */
  readonly found: readonly (CheckedColumn | AnsweredError)[]
}

export interface EncodeAnswer extends Answer {
  /** The same, with the body from its start; as it came where `length` is missing. */
  readonly buffer: ArrayBuffer
  readonly id: Id
  /** How it is encoded, unless only the hash was asked for. */
  readonly method?: number
  /** Of the body, where that is not the canonical bytes themselves. */
  readonly length?: number
}

/** What a thread says first. */
export interface WorkerReady {
  /** The zstd library that it has found. */
  readonly zstd: string | undefined
}

async function answer(order: EncodeOrder | CheckOrder): Promise<Answer> {
  try {
    return 'columns' in order ? await check(order) : await encode(order)
  } catch (error) {
    return { buffer: order.buffer, error: plain(error) }
  }
}

async function encode({ buffer, length, level, hashOnly }: EncodeOrder): Promise<EncodeAnswer> {
  const canonical = new Uint8Array(buffer, 0, length)
  const id = hashObject('column', canonical)
  if (hashOnly) return { buffer, id }
  const { method, body } = await encodeBody('column', canonical, level)
  if (body === canonical) return { buffer, id, method }
  canonical.set(body)
  return { buffer, id, method, length: body.length }
}

async function check({ buffer, columns, options }: CheckOrder): Promise<CheckAnswer> {
  const zstd = await loadZstd()
  const found: (CheckedColumn | AnsweredError)[] = []
  let at = 0
  for (const { bodyLength, method, length } of columns) {
    const body = new Uint8Array(buffer, at, bodyLength)
    at += bodyLength
    try {
      found.push(checkColumn(zstd, { method, body, length }, options))
    } catch (error) {
      found.push(plain(error))
    }
  }
  return { buffer, found }
}

function plain(error: unknown): AnsweredError {
  if (error instanceof VarveError) {
    const { code, message, data, hint } = error
    return { code, message, data, hint }
  }
  return { code: undefined, message: String(error instanceof Error ? error.stack : error) }
}

async function begin(port: MessagePort): Promise<void> {
  const zstd = await loadZstd()
  // Where there is no memory for the kernels, that ends the thread before anything is handed to it.
  encodeColumnBody(encodeColumn(TRIAL), 1, zstd)
  port.on('message', async (order: EncodeOrder | CheckOrder) => {
    const given = await answer(order)
    port.postMessage(given, [given.buffer])
  })
  port.postMessage({ zstd: zstdChoice()?.name } satisfies WorkerReady)
}

const TRIAL: Column = { type: 'int64', length: 16, values: new BigInt64Array(16) }

void begin(workerData as MessagePort)

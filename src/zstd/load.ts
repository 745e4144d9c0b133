import { VarveError } from '../core/errors.ts'
import type { ZstdLibrary, ZstdName } from './library.ts'

/** Which library is used, and why not the compiled one. */
export interface ZstdChoice {
  readonly name: ZstdName
  /** What kept zstd-napi from being loaded; undefined where it is used. */
  readonly reason?: string
}

let loaded: Promise<ZstdLibrary> | undefined
let choice: ZstdChoice | undefined

/**
 * The fastest zstd that there is: zstd-napi, else Node's own, else WebAssembly. Loaded the first
 * time that something is packed: many commands never need it.
 */
export function loadZstdLibrary(): Promise<ZstdLibrary> {
  loaded ??= load()
  return loaded
}

/** What {@link loadZstdLibrary} has found; undefined as long as nobody asked it. */
export function zstdChoice(): ZstdChoice | undefined {
  return choice
}

async function load(): Promise<ZstdLibrary> {
  const { openNative } = await import('./native.ts')
  try {
    const library = await openNative()
    choice = { name: library.name }
    return library
  } catch (cause) {
    const library = await loadSubstitute(cause)
    choice = { name: library.name, reason: firstLine(cause) }
    return library
  }
}

async function loadSubstitute(reason: unknown): Promise<ZstdLibrary> {
  const { openNode } = await import('./node.ts')
  const own = openNode()
  if (own !== undefined) return own
  try {
    const { openWasm } = await import('./wasm.ts')
    return await openWasm()
  } catch (cause) {
    throw new VarveError('io', `cannot load a zstd library: ${firstLine(cause)}`, {
      hint: `install varve again; zstd-napi: ${firstLine(reason)}`,
      cause,
    })
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!
}

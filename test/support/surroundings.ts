import { readdirSync, readFileSync } from 'node:fs'
import { readSecretFile } from '../../src/storage/secret-file.ts'
import type { CarrierConfig, Surroundings } from '../../src/transport/surroundings.ts'

export interface SurroundingsParts {
  readonly environment?: Record<string, string>
  readonly home?: string
  readonly secrets?: readonly string[]
  readonly notes?: string[]
}

/** A machine that carriers may know of, without anything of the real one but its files and PATH. */
export function surroundings(parts: SurroundingsParts = {}): Surroundings {
  const secrets = [...(parts.secrets ?? [])]
  const home = parts.home ?? '/nonexistent'
  return {
    environment: { PATH: process.env.PATH, HOME: home, ...parts.environment },
    home,
    user: 'ada',
    readFile: async (path) => optional(() => readFileSync(path)),
    readPrivateFile: async (path) => (await readSecretFile(path, 'read'))?.bytes,
    listFolder: async (path) => optional(() => readdirSync(path)) ?? [],
    hasProgram: async () => true,
    askSecret: async () => secrets.shift(),
    proxyFor: () => undefined,
    note: (text) => void parts.notes?.push(text),
  }
}

/** Configuration in which each key has these values, all of them the user's own. */
export function carrierConfig(
  values: Record<string, string | readonly string[]> = {},
): CarrierConfig {
  const all = new Map(
    Object.entries(values).map(([key, value]) => [key.toLowerCase(), [value].flat()]),
  )
  const of = (key: string) => all.get(key.toLowerCase()) ?? []
  return { get: (key) => of(key).at(-1), own: of }
}

function optional<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

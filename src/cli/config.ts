import { normalizeKey, parseConfig } from '../core/config-file.ts'
import { badValue, readBoolean, readNumber } from '../core/config-values.ts'
import { VarveError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { parseRemoteUrl } from '../plumbing/connect.ts'
import { configKey, configKeys } from './config-keys.ts'

export interface ConfigLayer {
  /** Where it comes from: a file's path, or `-c`. */
  readonly origin: string
  readonly scope: 'global' | 'local' | 'command'
  readonly entries: readonly { readonly key: string; readonly value: string }[]
}

/** All configuration that holds for a command; of several values for a key the last one counts. */
export class Config {
  readonly layers: readonly ConfigLayer[]

  constructor(layers: readonly ConfigLayer[]) {
    this.layers = layers
  }

  /** The value of a key, its default when it has none, else undefined. */
  get(key: string): string | undefined {
    const name = normalizeKey(key)
    return this.all(name).at(-1) ?? configKey(name)?.default
  }

  /** Every value of a key, weakest layer first. */
  all(key: string): string[] {
    const name = normalizeKey(key)
    return this.layers.flatMap(({ entries }) =>
      entries.filter((entry) => entry.key === name).map((entry) => entry.value),
    )
  }

  boolean(key: string): boolean | undefined {
    const text = this.get(key)
    return text === undefined ? undefined : readBoolean(key, text)
  }

  /** A whole number; sizes may end in k, m, g (powers of 1024). */
  number(key: string): number | undefined {
    const text = this.get(key)
    return text === undefined ? undefined : readNumber(key, text)
  }
}

export function layerOf(scope: ConfigLayer['scope'], origin: string, text: string): ConfigLayer {
  return { scope, origin, entries: parseConfig(text, origin) }
}

/** The layer of `-c key=value` options; `-c key` alone means true. */
export function commandLayer(settings: readonly string[]): ConfigLayer {
  const entries = settings.map((setting) => {
    const equals = setting.indexOf('=')
    const key = checkKey(equals < 0 ? setting : setting.slice(0, equals))
    const value = equals < 0 ? 'true' : setting.slice(equals + 1)
    checkValue(key, value)
    return { key, value }
  })
  return { scope: 'command', origin: '-c', entries }
}

/** A key in its normal form; `invalid-name` with the nearest one when nobody knows it. */
export function checkKey(key: string): string {
  const name = normalizeKey(key)
  if (configKey(name) !== undefined) return name
  const near = nearest(
    name,
    [...configKeys.values()].map((known) => known.name),
  )
  throw new VarveError('invalid-name', `no such configuration key: ${key}`, {
    data: { key },
    hint: near === undefined ? '`varve config list --known` lists them' : `did you mean ${near}?`,
  })
}

/** Whether the value is one that the key takes; `invalid-value` otherwise. */
export function checkValue(key: string, value: string): void {
  const known = configKey(normalizeKey(key))
  if (known?.type === 'boolean') readBoolean(key, value)
  // As git has it, an empty one stands for none.
  if (known?.type === 'url' && value !== '') parseRemoteUrl(value)
  if (known?.type === 'number' || known?.type === 'size') readNumber(key, value)
  if (known?.choices !== undefined && !known.choices.includes(value)) {
    throw badValue(key, value, `one of ${known.choices.join(', ')}`)
  }
}

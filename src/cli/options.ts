import type { Context } from './context.ts'

/** What the shell offers for a value: a named source, or a function of what was typed so far. */
export type Completion =
  | 'revision'
  | 'branch'
  | 'remote'
  | 'tag'
  | 'series'
  | 'command'
  | 'config-key'
  | 'file'
  | ((typed: string, context: Context) => Promise<readonly string[]> | readonly string[])

interface Described {
  /** One line, without a full stop at the end. */
  readonly describe: string
  /** Turns the text of one value into what `run` gets; throws a VarveError when it cannot. */
  readonly coerce?: (text: string) => unknown
  readonly choices?: readonly string[]
  readonly complete?: Completion
}

/** A word without a dash. Always text: nothing that names an object is read as a number. */
export interface PositionalSpec extends Omit<Described, 'describe'> {
  readonly describe?: string
  /** Accepted so that declarations read like yargs's; there is no other type. */
  readonly type?: 'string'
  readonly demandOption?: boolean
  /** Any number of words (at least one with `demandOption`); the value is always an array. */
  readonly array?: boolean
  /** From the first word on all belongs to it, dashes too: a program and its own options. */
  readonly verbatim?: boolean
  readonly default?: unknown
}

export interface OptionSpec extends Described {
  /** `string` unless said. A `number` is any finite decimal; `count` counts repetitions. */
  readonly type?: 'string' | 'number' | 'boolean' | 'count'
  /** Single letters or long names that mean the same. */
  readonly alias?: string | readonly string[]
  /** May be given several times; the value is always an array. */
  readonly array?: boolean
  readonly demandOption?: boolean
  readonly default?: unknown
  /** A boolean that tells "not given" (undefined) from `--no-x` (false). */
  readonly tristate?: boolean
  /** What `--x` without `=value` stands for; a value is then only taken after `=`. */
  readonly optionalValue?: string
  /** What `--no-x` stands for, on an option that has a value. */
  readonly negated?: string
  /** `-5` means this option with the value 5. */
  readonly digits?: boolean
  /** The word for the value in help: `--from <when>`. The option's name unless said. */
  readonly value?: string
  readonly hidden?: boolean
  /** What words are where the option is given, for the shell. */
  readonly words?: Completion
}

type Base<O> = O extends { type: 'boolean' }
  ? boolean
  : O extends { type: 'number' | 'count' }
    ? number
    : O extends { choices: readonly (infer C)[] }
      ? C
      : string
type One<O> = O extends { coerce: (text: string) => infer R } ? R : Base<O>
type Always<O> = O extends
  | { demandOption: true }
  | { default: NonNullable<unknown> }
  | { type: 'count' }
  ? true
  : O extends { type: 'boolean' }
    ? O extends { tristate: true }
      ? false
      : true
    : false
type Value<O> = O extends { array: true }
  ? One<O>[]
  : Always<O> extends true
    ? One<O>
    : One<O> | undefined
type Camel<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S
type With<T, N extends string, V> = T & { [K in Camel<N>]: V }

export type DeclaredPositional = PositionalSpec & { readonly name: string }
export type DeclaredOption = OptionSpec & { readonly name: string }
/** An option as a command spells it: its name or one of its aliases. */
export type Relation = readonly [one: string, other: string]

/**
 * What a command takes, declared in the order it is shown. Kept as data: parsing, `--help`, the
 * reference in `docs/` and shell completion are all made from it.
 */
export class Options<T> {
  readonly positionals: DeclaredPositional[] = []
  readonly declared: DeclaredOption[] = []
  readonly exclusive: Relation[] = []
  readonly implied: Relation[] = []
  trailing: DeclaredPositional | undefined

  /** The next word. Words after a positional with `array` are counted from the end. */
  positional<N extends string, const O extends PositionalSpec>(
    name: N,
    spec: O,
  ): Options<With<T, N, Value<O>>> {
    this.positionals.push({ ...spec, name })
    return this as never
  }

  /** `--name`; its value is in `args` under the camel-cased name, undefined when not given. */
  option<N extends string, const O extends OptionSpec>(
    name: N,
    spec: O,
  ): Options<With<T, N, Value<O>>> {
    this.declared.push({ ...spec, name })
    return this as never
  }

  /** The words after `--`. Where none are declared, those are positionals like the others. */
  afterDashes<N extends string, const O extends Omit<PositionalSpec, 'array'>>(
    name: N,
    spec: O,
  ): Options<With<T, N, One<O>[]>> {
    this.trailing = { ...spec, name, array: true }
    return this as never
  }

  /** These options cannot be given together. */
  conflicts(first: string, ...others: string[]): this {
    for (const other of others) this.exclusive.push([first, other])
    return this
  }

  /** `first` makes sense only beside `other`. */
  implies(first: string, other: string): this {
    this.implied.push([first, other])
    return this
  }
}

/** `allow-deletes` as `args` spells it: `allowDeletes`. */
export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

export function aliasesOf(option: OptionSpec): readonly string[] {
  if (option.alias === undefined) return []
  return typeof option.alias === 'string' ? [option.alias] : option.alias
}

/** `-n` or `--name`, as it is typed. */
export function spell(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

/** An object without the keys whose value is undefined: for an operation's optional options. */
export function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Given<T>
}
export type Given<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> }

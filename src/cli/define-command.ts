import { VarveError } from '../core/errors.ts'
import type { Context } from './context.ts'
import { Options } from './options.ts'
import type { Style } from './style.ts'

export { given, type Options } from './options.ts'

/** What one line of output is made from: the items of a stream, or the one result. */
export type ItemOf<R> = R extends AsyncIterable<infer I> ? I : R

export interface CommandSpec<T, R> {
  readonly name: string
  /** The line after `varve`; made from the declarations unless given. */
  readonly usage?: string | readonly string[]
  /** One line, no full stop: shown in lists. The command table has the same words. */
  readonly summary: string
  /** Paragraphs for `--help` and the reference. */
  readonly description?: string
  readonly examples?: readonly Example[]
  readonly options?: (y: Options<object>) => Options<T>
  /**
   * Calls one operation and returns its result: one value, or an async iterable for a stream,
   * printed item by item as it comes. Bytes (`Uint8Array`) are printed as they are.
   */
  run(args: T, context: Context): Promise<R> | R
  /** The text of the result, or of one item; no line feed at the end, `''` prints nothing. */
  toText?(item: NoInfer<ItemOf<R>>, style: Style, args: NoInfer<T>): string
  /** What `--json` prints: the result itself unless given. */
  toJson?(item: NoInfer<ItemOf<R>>, args: NoInfer<T>): unknown
  /** Text is data: control characters stay unless it goes to a terminal. */
  readonly raw?: boolean | ((args: NoInfer<T>) => boolean)
  /** On a terminal, text goes through the pager. */
  readonly pager?: boolean | ((args: NoInfer<T>) => boolean)
  /** The result, but for bytes, only reports what was done: `--quiet` leaves it out. */
  readonly report?: boolean
  readonly hidden?: boolean
  /** A stream that goes on until the command is stopped, and then ends by itself, as it should. */
  readonly endsItself?: boolean
}

export interface Example {
  readonly command: string
  readonly about: string
}

/** A command as the frame sees it: its declarations read once, its types erased. */
export interface Command {
  readonly name: string
  readonly usage: readonly string[]
  readonly summary: string
  readonly description: string | undefined
  readonly examples: readonly Example[]
  readonly options: Options<unknown>
  readonly subcommands: readonly Command[]
  /** The subcommand that is meant when none is named. */
  readonly fallback: string | undefined
  readonly hidden: boolean
  readonly report: boolean
  readonly endsItself: boolean
  run(args: Arguments, context: Context): unknown
  toText: ((item: unknown, style: Style, args: Arguments) => string) | undefined
  toJson: ((item: unknown, args: Arguments) => unknown) | undefined
  raw(args: Arguments): boolean
  pager(args: Arguments): boolean
}

export type Arguments = Record<string, unknown>

/** Declares a command: data that parsing, help, the reference and completion are made from. */
export function defineCommand<T, R>(spec: CommandSpec<T, R>): Command {
  const options = (spec.options?.(new Options()) ?? new Options()) as Options<unknown>
  const flag = (value: boolean | ((args: T) => boolean) | undefined) => (args: Arguments) =>
    typeof value === 'function' ? value(args as T) : value === true
  return {
    ...describe(spec),
    usage: usageLines(spec.usage) ?? [generatedUsage(spec.name, options)],
    options,
    subcommands: [],
    fallback: undefined,
    report: spec.report === true,
    endsItself: spec.endsItself === true,
    run: (args, context) => spec.run(args as T, context),
    toText: spec.toText?.bind(spec) as Command['toText'],
    toJson: spec.toJson?.bind(spec) as Command['toJson'],
    raw: flag(spec.raw),
    pager: flag(spec.pager),
  }
}

export interface CommandGroupSpec {
  readonly name: string
  readonly summary: string
  readonly description?: string
  readonly examples?: readonly Example[]
  /** Named by their last word: `add-column`, not `schema add-column`. */
  readonly subcommands: readonly Command[]
  /** The subcommand that is meant when the first word names none. */
  readonly fallback?: string
}

/** Declares a command made of subcommands, such as `config get`, `config set`. */
export function defineCommandGroup(spec: CommandGroupSpec): Command {
  return {
    ...describe(spec),
    usage: spec.subcommands
      .filter((command) => !command.hidden)
      .flatMap((command) => command.usage.map((line) => `${spec.name} ${line}`)),
    options: new Options<unknown>(),
    subcommands: spec.subcommands,
    fallback: spec.fallback,
    report: false,
    endsItself: false,
    run: () => {
      const names = spec.subcommands.map((command) => command.name).join(', ')
      throw usageError(`${spec.name} needs one of: ${names}`)
    },
    toText: undefined,
    toJson: undefined,
    raw: () => false,
    pager: () => false,
  }
}

/** A request that cannot be understood; exit code 2. */
export function usageError(message: string, hint?: string): VarveError {
  return new VarveError('usage', message, hint === undefined ? {} : { hint })
}

type Describable = Pick<
  CommandSpec<unknown, unknown>,
  'name' | 'summary' | 'description' | 'examples' | 'hidden'
>

function describe(spec: Describable) {
  return {
    name: spec.name,
    summary: spec.summary,
    description: spec.description,
    examples: spec.examples ?? [],
    hidden: spec.hidden === true,
  }
}

function usageLines(usage: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof usage === 'string' ? [usage] : usage
}

function generatedUsage(name: string, options: Options<unknown>): string {
  const words = options.positionals.map((positional) => {
    const dots = positional.array === true ? '...' : ''
    return positional.demandOption === true
      ? `<${positional.name}>${dots}`
      : `[<${positional.name}>${dots}]`
  })
  const shown = options.declared.some((option) => option.hidden !== true) ? ['[<options>]'] : []
  const trailing = options.trailing === undefined ? [] : [`[-- <${options.trailing.name}>...]`]
  return [name, ...shown, ...words, ...trailing].join(' ')
}

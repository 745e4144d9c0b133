import { addConfig, setConfig, unsetConfig } from '../../core/config-file.ts'
import { VarveError } from '../../core/errors.ts'
import { shownUrl } from '../../plumbing/connect.ts'
import { type ConfigLayer, checkKey, checkValue } from '../config.ts'
import { configKey, configKeys } from '../config-keys.ts'
import { readConfigFile, userConfigFile, writeConfigFile } from '../config-layers.ts'
import type { Context } from '../context.ts'
import { defineCommand, defineCommandGroup, type Options, usageError } from '../define-command.ts'
import { farConfigStays } from '../repository-source.ts'

const key = {
  demandOption: true,
  describe: 'The key, such as user.name',
  complete: 'config-key',
} as const

function whichFile<T>(y: Options<T>) {
  return y
    .option('global', { type: 'boolean', describe: 'Your own file, for all repositories' })
    .option('local', { type: 'boolean', describe: "This repository's file" })
    .conflicts('global', 'local')
}

interface Which {
  readonly global: boolean
  readonly local: boolean
}

interface Setting {
  readonly key: string
  readonly value: string
  readonly scope: ConfigLayer['scope'] | 'default'
  readonly origin: string
}

const getCommand = defineCommand({
  name: 'get',
  summary: 'Print the value that holds; exit code 1 where there is none',
  examples: [
    { command: 'varve config get user.email', about: 'what holds here, wherever it is said' },
  ],
  options: (y) => whichFile(y.positional('key', key)),
  run: async (args, context) => {
    const name = checkKey(args.key)
    const found = (await settings(args, context)).findLast((setting) => setting.key === name)
    const fallback = configKey(name)?.default
    if (found !== undefined) return found
    if (fallback !== undefined && !args.global && !args.local) {
      return { key: name, value: fallback, scope: 'default' as const, origin: 'varve' }
    }
    context.answerNo()
    return undefined
  },
  toText: (setting) => setting?.value ?? '',
  raw: true,
})

const setCommand = defineCommand({
  name: 'set',
  summary: "Set a key, in the repository's file unless --global is given",
  examples: [
    {
      command: 'varve config set --global user.name "Ada Lovelace"',
      about: 'for all your repositories',
    },
  ],
  options: (y) =>
    whichFile(y.positional('key', key).positional('value', { demandOption: true })).option('add', {
      type: 'boolean',
      describe: 'Beside the values that the key has, for one that may have several',
    }),
  report: true,
  run: async (args, context) => {
    const name = checkKey(args.key)
    checkValue(name, args.value)
    if (!args.global && configKey(name)?.ownOnly === true) {
      throw usageError(`${name} counts only in your own file`, 'set it with --global')
    }
    const file = await fileToChange(args, context)
    const change = args.add ? addConfig : setConfig
    await writeConfigFile(file, change(await readConfigFile(file), name, args.value, file))
    return { key: name, value: args.value, file }
  },
  toText: () => '',
})

const unsetCommand = defineCommand({
  name: 'unset',
  summary: 'Take a key out of a file',
  examples: [
    { command: 'varve config unset checkout.format', about: 'as if it had never been set' },
  ],
  options: (y) => whichFile(y.positional('key', key)),
  report: true,
  run: async (args, context) => {
    const name = checkKey(args.key)
    const file = await fileToChange(args, context)
    const text = unsetConfig(await readConfigFile(file), name, file)
    if (text === undefined) context.answerNo()
    else await writeConfigFile(file, text)
    return { key: name, file, removed: text !== undefined }
  },
  toText: () => '',
})

const listCommand = defineCommand({
  name: 'list',
  summary: 'List what is set, the weakest first, or all keys there are',
  examples: [
    { command: 'varve config list --show-origin', about: 'every value, with where it is from' },
  ],
  options: (y) =>
    whichFile(y)
      .option('show-origin', { type: 'boolean', describe: 'Say where each value comes from' })
      .option('known', { type: 'boolean', describe: 'List every key varve knows' }),
  pager: true,
  run: async (args, context) =>
    args.known
      ? [...configKeys.values()].map(({ name, ...known }) => ({ key: name, ...known }))
      : await settings(args, context),
  toText: (list, style, { showOrigin }) =>
    list
      .map((item) => {
        if ('about' in item) return `${style.cyan(item.key)}\n    ${item.about}${defaultNote(item)}`
        const origin = showOrigin ? `${item.scope}\t${item.origin}\t` : ''
        return `${origin}${item.key}=${item.value}`
      })
      .join('\n'),
})

/** `varve config KEY [VALUE]`, `--get`, `--unset`, `--list`: as git users have typed it for long. */
const gitLikeCommand = defineCommand({
  name: 'access',
  usage: '[<key> [<value>]]',
  hidden: true,
  summary: 'Print a key, or set it where a value is given',
  options: (y) =>
    whichFile(y.positional('key', { complete: 'config-key' }).positional('value', {}))
      .option('list', { alias: 'l', type: 'boolean', describe: 'As `config list`' })
      .option('get', { type: 'boolean', describe: 'As `config get`' })
      .option('unset', { type: 'boolean', describe: 'As `config unset`' })
      .option('add', { type: 'boolean', describe: 'As `config set --add`' })
      .option('show-origin', { type: 'boolean', describe: 'With --list' })
      .conflicts('list', 'get', 'unset')
      .conflicts('get', 'unset')
      .conflicts('add', 'list', 'get', 'unset'),
  run: ({ key: name, value, list, get, unset, add, ...rest }, context): unknown => {
    if (list) return listCommand.run({ ...rest, known: false }, context)
    if (name === undefined) {
      throw usageError('missing <key>', 'usage: varve config [<key> [<value>]]')
    }
    if (value !== undefined && (get || unset)) {
      throw usageError(`unexpected argument ${JSON.stringify(value)}`)
    }
    const args = { ...rest, key: name, value }
    if (unset) return unsetCommand.run(args, context)
    if (value !== undefined) return setCommand.run({ ...args, value, add }, context)
    if (add) throw usageError('missing <value>', 'usage: varve config --add <key> <value>')
    return getCommand.run(args, context)
  },
  toText: (result, style, args) => {
    if (args.list) return listCommand.toText?.(result, style, args) ?? ''
    const setting = result as Setting | undefined
    return setting !== undefined && 'scope' in setting ? setting.value : ''
  },
  raw: ({ list }) => !list,
})

export const configCommand = defineCommandGroup({
  name: 'config',
  summary: 'Read and change configuration',
  description:
    'A key is looked for in `-c key=value`, then in the repository, then in your own file ' +
    '($XDG_CONFIG_HOME/varve/config or ~/.config/varve/config). As with git, ' +
    '`varve config KEY` reads and `varve config KEY VALUE` sets.',
  examples: [
    { command: 'varve config set --global user.name "Ada Lovelace"', about: 'who you are' },
    { command: 'varve config list --show-origin', about: 'what holds here, and why' },
  ],
  subcommands: [getCommand, setCommand, unsetCommand, listCommand, gitLikeCommand],
  fallback: 'access',
})

function defaultNote(key: { readonly default?: string }): string {
  return key.default === undefined ? '' : ` (default ${key.default})`
}

async function settings(which: Which, context: Context): Promise<Setting[]> {
  const { layers } = await context.config()
  return layers
    .filter(
      ({ scope }) => (!which.global || scope === 'global') && (!which.local || scope === 'local'),
    )
    .flatMap(({ scope, origin, entries }) =>
      entries.map(({ key, value }) => {
        // What was written into the file by hand is not printed with the password that it may hold.
        const shown = namesRepository(key) && value !== '' ? shownUrl(value) : value
        return { key, value: shown, scope, origin }
      }),
    )
}

/** Whether a key's value is a URL, or may be one in place of a remote's name. */
function namesRepository(key: string): boolean {
  return configKey(key)?.type === 'url' || /remote$|^remote\.pushdefault$/.test(key)
}

async function fileToChange(which: Which, context: Context): Promise<string> {
  if (which.global) return userConfigFile(context.env)
  const { layers } = await context.config()
  const local = layers.find(({ scope }) => scope === 'local')
  if (local !== undefined) return local.origin
  const repo = await context.optionalRepository()
  if (repo !== undefined) throw farConfigStays(repo.storage.location)
  throw new VarveError('not-a-repository', `there is no varve repository at ${context.cwd}`, {
    hint: '--global changes your own configuration, for all repositories',
  })
}

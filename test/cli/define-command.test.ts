import { describe, expect, it } from 'vitest'
import { defineCommand } from '../../src/cli/define-command.ts'
import { parseArguments } from '../../src/cli/parse-arguments.ts'
import { parseId } from '../../src/core/id.ts'

const command = defineCommand({
  name: 'sample',
  summary: 'A command with one of everything',
  options: (y) =>
    y
      .positional('id', { type: 'string', demandOption: true, coerce: parseId })
      .positional('others', { array: true })
      .afterDashes('series', { describe: 'only these' })
      .option('message', { alias: 'm', describe: 'text' })
      .option('all', { alias: 'a', type: 'boolean', describe: 'a flag' })
      .option('edit', { type: 'boolean', tristate: true, describe: 'a flag of three states' })
      .option('max-count', { alias: 'n', type: 'number', digits: true, describe: 'a number' })
      .option('parent', { alias: 'p', array: true, describe: 'several' })
      .option('mode', { choices: ['upsert', 'append'], default: 'upsert', describe: 'a choice' })
      .option('stat', { optionalValue: 'short', negated: 'none', describe: 'value optional' })
      .option('staged', { type: 'boolean', describe: 'a flag' })
      .option('unstaged', { type: 'boolean', describe: 'a flag' })
      .option('verbose', { alias: 'v', type: 'count', describe: 'counted' })
      .option('only-with', { describe: 'needs message' })
      .conflicts('staged', 'unstaged')
      .implies('only-with', 'message'),
  run: (args) => {
    // These assignments are checked by the compiler.
    const mode: 'upsert' | 'append' | undefined = args.mode
    const count: number | undefined = args.maxCount
    const parents: string[] = args.parent
    const edit: boolean | undefined = args.edit
    const all: boolean = args.all
    return { mode, count, parents, edit, all, id: args.id }
  },
  toText: ({ id }) => id,
})
const ID = 'ab'.repeat(32)
const parse = (...argv: string[]) => parseArguments(command, argv).then(({ args }) => args)

describe('parsing a command line', () => {
  it('gives every declared name a value', async () => {
    expect(await parse(ID)).toEqual({
      id: ID,
      others: [],
      series: [],
      message: undefined,
      all: false,
      edit: undefined,
      maxCount: undefined,
      parent: [],
      mode: 'upsert',
      stat: undefined,
      staged: false,
      unstaged: false,
      verbose: 0,
      onlyWith: undefined,
    })
  })

  it('reads options the way git does', async () => {
    expect(await parse('-am', '- item', ID)).toMatchObject({ all: true, message: '- item' })
    expect(await parse('-mtext', ID)).toMatchObject({ message: 'text' })
    expect(await parse(ID, '-5')).toMatchObject({ maxCount: 5 })
    expect(await parse(ID, '-n7', '-n', '8')).toMatchObject({ maxCount: 8 })
    expect(await parse(ID, '-p', 'x', '--parent=y', '-pz')).toMatchObject({
      parent: ['x', 'y', 'z'],
    })
    expect(await parse(ID, '-p', '', '--parent=')).toMatchObject({ parent: ['', ''] })
    expect(await parse(ID, '--stat')).toMatchObject({ stat: 'short' })
    expect(await parse(ID, '--stat=wide')).toMatchObject({ stat: 'wide' })
    expect(await parse(ID, '--no-stat')).toMatchObject({ stat: 'none' })
    expect(await parse(ID, '--no-edit')).toMatchObject({ edit: false })
    expect(await parse(ID, '-vvv')).toMatchObject({ verbose: 3 })
    expect(await parse(ID, '--message=')).toMatchObject({ message: '' })
  })

  it('never turns a word into a number', async () => {
    expect(await parse(ID, '1e10', '007', '-m', '1e3')).toMatchObject({
      others: ['1e10', '007'],
      message: '1e3',
    })
  })

  it('names the word that is missing, not the first', async () => {
    const pair = defineCommand({
      name: 'pair',
      summary: 'A command with two words',
      options: (y) =>
        y.positional('key', { demandOption: true }).positional('value', { demandOption: true }),
      run: () => undefined,
      toText: () => '',
    })
    await expect(parseArguments(pair, [])).rejects.toThrow('missing <key>')
    await expect(parseArguments(pair, ['x'])).rejects.toThrow('missing <value>')
  })

  it('keeps words after -- apart', async () => {
    expect(await parse(ID, 'x', '--', '-y', 'z')).toMatchObject({
      others: ['x'],
      series: ['-y', 'z'],
    })
  })

  it.each([
    [[], 'missing <id>'],
    [[ID, '--mod', 'append'], 'unknown option --mod'],
    [[ID, '--mode', 'apend'], 'unknown value: --mode cannot be "apend"'],
    [[ID, '--max-count', 'many'], '--max-count takes a number, not "many"'],
    [[ID, '-m'], '-m needs a value'],
    [[ID, '--all=yes'], '--all takes no value'],
    [[ID, '--staged', '--unstaged'], '--staged and --unstaged cannot be given together'],
    [[ID, '--only-with', 'x'], '--only-with needs --message'],
    [[ID, '--__proto__=x'], 'unknown option --__proto__'],
  ])('refuses %j', async (argv, message) => {
    await expect(parse(...argv)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    })
  })

  it('lets an error of a coercion through as it is', async () => {
    await expect(parse('zz')).rejects.toMatchObject({ code: 'invalid-id' })
  })
})

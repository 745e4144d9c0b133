import { defineCommand, defineCommandGroup } from '../../cli/define-command.ts'
import { firstSecondOf, parseWhen } from '../../core/commit-date.ts'
import { VarveError } from '../../core/errors.ts'
import { addToken, listTokens, removeTokens, type Token } from '../serve-token.ts'

const file = {
  value: 'file',
  demandOption: true,
  describe: 'The file of tokens',
  complete: 'file',
} as const

const createCommand = defineCommand({
  name: 'create',
  summary: 'Make a token, and print it: it is shown this once',
  description: [
    'The token is printed, and nothing else is, so that a script can take it. The file keeps only what one must know to',
    'recognise it, and is made where there is none. A server that runs knows the token at once.',
    '',
    '--repository says which repositories: a path below the root, PATH/* for all below it, * for all. The name is what the log',
    'of a repository says of a push.',
    '',
    'With --json: token, id, name, repositories, scope, created and expires (seconds since 1970).',
  ].join('\n'),
  examples: [
    {
      command: 'varve serve token create ada --tokens tokens --repository prices --write',
      about: 'may push to one repository',
    },
    {
      command:
        'varve serve token create ci --tokens tokens --repository "prices/*" --expires 2027-01-01',
      about: 'may read those below prices, until then',
    },
  ],
  options: (y) =>
    y
      .positional('name', { demandOption: true, describe: 'Whose it is, or for what' })
      .option('tokens', file)
      .option('repository', {
        array: true,
        demandOption: true,
        value: 'pattern',
        describe: 'Which repositories: prices, prices/* or *',
      })
      .option('write', { type: 'boolean', describe: 'Pushing too, not only reading' })
      .option('expires', {
        value: 'time',
        describe: 'When it ends: 2027-01-01; never unless given',
      }),
  run: async (args, context) => {
    const now = context.now()
    const expires =
      args.expires === undefined ? undefined : firstSecondOf(parseWhen(args.expires, now))
    if (expires !== undefined && expires <= now.seconds) {
      throw new VarveError(
        'invalid-value',
        `a token that ends at ${args.expires} has ended already`,
        {
          data: { expires, now: now.seconds },
          hint: 'without --expires it never ends',
        },
      )
    }
    const { secret, token } = await addToken(context.resolve(args.tokens), {
      name: args.name,
      repositories: args.repository,
      scope: args.write ? 'write' : 'read',
      created: now.seconds,
      expires,
    })
    return { token: secret, ...shown(token) }
  },
  toText: ({ token }) => token,
})

const listCommand = defineCommand({
  name: 'list',
  summary: 'List the tokens of a file, without what would let anybody use them',
  options: (y) => y.option('tokens', file),
  run: async (args, context) => (await listTokens(context.resolve(args.tokens))).map(shown),
  toText: (tokens) => tokens.map(tokenLine).join('\n'),
})

const revokeCommand = defineCommand({
  name: 'revoke',
  summary: 'Take tokens back: one by its id, or all of a name',
  description: 'A server that runs refuses them from then on.',
  report: true,
  options: (y) =>
    y
      .positional('token', { demandOption: true, describe: 'The id, or the name' })
      .option('tokens', file),
  run: async (args, context) =>
    (await removeTokens(context.resolve(args.tokens), args.token)).map(shown),
  toText: (tokens) => tokens.map((token) => `revoked ${tokenLine(token)}`).join('\n'),
})

export const tokenCommand = defineCommandGroup({
  name: 'token',
  summary: 'Make, list and take back the tokens that let people in',
  subcommands: [createCommand, listCommand, revokeCommand],
})

type ShownToken = Omit<Token, 'sha256'>

function shown({ sha256: _, ...token }: Token): ShownToken {
  return token
}

function tokenLine({ id, name, scope, repositories, expires }: ShownToken): string {
  const until = expires === undefined ? '' : ` until ${new Date(expires * 1000).toISOString()}`
  return `${id} ${scope} ${repositories.join(' ')}${until} (${name})`
}

import type { Context } from '../../cli/context.ts'
import { defineCommand, defineCommandGroup, usageError } from '../../cli/define-command.ts'
import { sizeOption } from '../../plumbing/commands/size-option.ts'
import { type ServeEvent, serve } from '../serve.ts'
import { isLoopback, parseListenAddress } from './serve-options.ts'
import { tokenCommand } from './serve-token.ts'

const httpCommand = defineCommand({
  name: 'http',
  usage: '[<options>]',
  summary: 'Serve the repositories below a folder over HTTP',
  description: [
    'Serves every repository below --root, under its path there: ROOT/a/prices is http://HOST/a/prices, with or without',
    'a work tree. Everything else in the folder is out of reach, and so is what links lead to outside of it. A root that is',
    'a repository itself is served as http://HOST/.',
    '',
    'Unless told otherwise it listens on this machine alone and takes no pushes. --allow-push lets those push who have a token',
    'that says so (`varve serve token create`); with --private reading needs a token too. A push leaves alone the branch',
    'that a work tree stands on: serve repositories made with `varve init --bare`.',
    '',
    'Requests under a name that the server is not known by are refused, as pages of other sites could send them:',
    'name it with --allow-host, once for each. Addresses and localhost are known.',
    '',
    'TLS comes with --tls-cert and --tls-key (PEM files), or from a proxy in front: then give --trust-proxy,',
    'so that limits and log go by the address in X-Forwarded-For (docs/protocol/http.md has a configuration for nginx).',
    '',
    'Each request is one line on standard output: time, address, token, request, status, bytes that came and went,',
    'milliseconds. Ctrl-C and SIGTERM stop it: requests at work have eight seconds to end. With --json: first',
    '{"kind":"listening","url":…,"root":…}, then {"kind":"access","time":…,"address":…,"who":…,"method":…,"path":…,"status":…,',
    '"received":…,"sent":…,"milliseconds":…,"error":…} for each request.',
  ].join('\n'),
  examples: [
    { command: 'varve serve --root /srv/varve', about: 'read-only, on http://127.0.0.1:8080' },
    {
      command: 'varve serve token create ci --tokens tokens --write --repository "prices/*"',
      about: 'a token for those below prices',
    },
    {
      command:
        'varve serve --http 0.0.0.0:443 --root /srv/varve --allow-push --tokens tokens --allow-host data.example.org --tls-cert cert.pem --tls-key key.pem',
      about: 'for others, with TLS',
    },
    { command: 'varve clone http://127.0.0.1:8080/prices', about: 'and how it is used' },
  ],
  options: (y) =>
    y
      .option('http', {
        value: 'address:port',
        default: '127.0.0.1:8080',
        describe: 'Where to listen; port 0 for any that is free',
      })
      .option('root', {
        value: 'dir',
        demandOption: true,
        describe: 'The folder whose repositories are served',
        complete: 'file',
      })
      .option('allow-push', {
        type: 'boolean',
        describe: 'Take pushes, from those with a token for it',
      })
      .option('private', { type: 'boolean', describe: 'Reading needs a token too' })
      .option('tokens', { value: 'file', describe: 'The file of tokens', complete: 'file' })
      .option('allow-host', {
        array: true,
        value: 'name',
        describe: 'A name that the server is called by',
      })
      .option('tls-cert', {
        value: 'file',
        describe: 'The certificate, with those above it',
        complete: 'file',
      })
      .option('tls-key', { value: 'file', describe: 'Its private key', complete: 'file' })
      .option('trust-proxy', {
        type: 'boolean',
        describe: 'A proxy in front says in X-Forwarded-For who asks',
      })
      .option('max-push', sizeOption('--max-push', 'The most that a push may bring: 500m, 16g'))
      .implies('tls-cert', 'tls-key')
      .implies('tls-key', 'tls-cert'),
  run: async (args, context) => {
    const { address, port } = parseListenAddress(args.http)
    const { allowPush, tokens } = args
    if (allowPush && tokens === undefined) {
      throw usageError(
        '--allow-push needs --tokens: who may push has one',
        '`varve serve token create NAME --tokens FILE` makes one',
      )
    }
    if (args.private && tokens === undefined) throw usageError('--private needs --tokens')
    if (args.tlsCert === undefined && tokens !== undefined && !isLoopback(address)) {
      context.warn(
        'tokens come without TLS, for anybody on the way to read',
        '--tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that has them',
      )
    }
    return serve({
      root: context.resolve(args.root),
      address,
      port,
      allowPush,
      isPrivate: args.private,
      tokens: tokens && context.resolve(tokens),
      tls: await readTls(args, context),
      hosts: args.allowHost ?? [],
      trustProxy: args.trustProxy,
      maxPushBytes: args.maxPush,
      now: () => context.clock(),
      signal: context.abort,
    })
  },
  endsItself: true,
  toText: eventText,
})

export const serveCommand = defineCommandGroup({
  name: 'serve',
  summary: 'Serve repositories over HTTP',
  description:
    '`varve serve --root DIR` is `varve serve http --root DIR`; `varve serve token` makes and removes tokens.',
  subcommands: [httpCommand, tokenCommand],
  fallback: 'http',
})

async function readTls(
  { tlsCert, tlsKey }: { tlsCert: string | undefined; tlsKey: string | undefined },
  context: Context,
) {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  return { cert: await wholeFile(tlsCert, context), key: await wholeFile(tlsKey, context) }
}

async function wholeFile(path: string, context: Context): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of context.readFile(path)) pieces.push(piece)
  return Buffer.concat(pieces)
}

function eventText(event: ServeEvent): string {
  if (event.kind === 'listening')
    return `listening on ${event.url} (repositories below ${event.root})`
  const { time, address, who, method, path, status, received, sent, milliseconds, error } = event
  const at = new Date(time).toISOString()
  const why = error === undefined ? '' : ` ${JSON.stringify(error)}`
  const asked = `${JSON.stringify(`${method} ${path}`)} ${status} ${received} ${sent} ${milliseconds}ms`
  return `${at} ${address} ${who ?? '-'} ${asked}${why}`
}

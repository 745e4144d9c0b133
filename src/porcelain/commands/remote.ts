import { defineCommand, defineCommandGroup, usageError } from '../../cli/define-command.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { shownUrl } from '../../plumbing/connect.ts'
import { type Remote, remoteNamed } from '../../plumbing/remote-config.ts'
import { fetch } from '../fetch.ts'
import {
  addRemote,
  listRemotes,
  pruneRemote,
  removeRemote,
  renameRemote,
  setRemoteBranches,
  setRemoteUrl,
  showRemote,
} from '../remote.ts'
import { fetchJson } from './fetch.ts'
import { whileMovingObjects } from './transfer.ts'
import { fetchText } from './transfer-text.ts'

const named = {
  demandOption: true,
  complete: 'remote',
  describe: "A remote's name",
} as const

const listCommand = defineCommand({
  name: 'list',
  summary: 'List the remotes, with -v where they are',
  examples: [{ command: 'varve remote -v', about: 'the remotes, with their URLs' }],
  options: (y) =>
    y.option('verbose', { alias: 'v', type: 'boolean', describe: 'With the URL of each' }),
  run: async (_, context) => listRemotes(await context.repository()),
  toText: (remotes, _, { verbose }) =>
    remotes
      .map(({ name, url, pushUrl }) =>
        verbose ? `${name}\t${shownUrl(url)} (fetch)\n${name}\t${shownUrl(pushUrl)} (push)` : name,
      )
      .join('\n'),
  toJson: (remotes) => remotes.map(remoteJson),
})

const addCommand = defineCommand({
  name: 'add',
  summary: 'Make another repository known by a name',
  examples: [
    { command: 'varve remote add origin ../prices.varve', about: 'a folder of this machine' },
    { command: 'varve remote add -f vendor ../vendor', about: 'and fetch from it at once' },
  ],
  report: true,
  options: (y) =>
    y
      .positional('name', { demandOption: true, describe: 'What it is to be called' })
      .positional('url', { demandOption: true, complete: 'file', describe: 'A URL or path' })
      .option('track', {
        alias: 't',
        array: true,
        value: 'branch',
        describe: 'Fetch this branch only; may be given several times',
      })
      .option('tags', {
        type: 'boolean',
        tristate: true,
        describe: 'Fetch all tags; with --no-tags none',
      })
      .option('mirror', { type: 'boolean', describe: 'All refs here are to be as they are there' })
      .option('fetch', { alias: 'f', type: 'boolean', describe: 'Fetch at once' }),
  run: async (args, context) => {
    const repo = await context.repository()
    const { name, url, track: branches, mirror } = args
    const tags = args.tags === undefined ? undefined : args.tags ? 'all' : 'none'
    const remote = await addRemote(repo, { name, url, branches, tags, mirror })
    if (!args.fetch) return { remote, fetched: undefined }
    const who = await logIdentity(context)
    const fetched = await whileMovingObjects(context, 'fetch', (transfer) =>
      fetch(repo, { ...transfer, remote: name, who }),
    )
    return { remote, fetched }
  },
  toText: ({ fetched }, style) => (fetched === undefined ? '' : fetchText(fetched, style)),
  toJson: ({ remote, fetched }) => ({
    ...remoteJson(remote),
    ...(fetched !== undefined && { fetched: fetchJson(fetched) }),
  }),
})

const removeCommand = defineCommand({
  name: 'remove',
  usage: 'remove <name>',
  summary: 'Forget a remote, and the refs here that show it',
  examples: [{ command: 'varve remote remove vendor', about: 'what was fetched from it stays' }],
  report: true,
  options: (y) => y.positional('name', named),
  run: async ({ name }, context) => {
    const repo = await context.repository()
    const who = await logIdentity(context)
    return { name, refs: await removeRemote(repo, { name, who }) }
  },
  toText: () => '',
})

const renameCommand = defineCommand({
  name: 'rename',
  summary: 'Give a remote another name',
  examples: [{ command: 'varve remote rename origin vendor', about: 'vendor/main, from now on' }],
  report: true,
  options: (y) =>
    y.positional('from', named).positional('to', { demandOption: true, describe: 'The new name' }),
  run: async ({ from, to }, context) => {
    const repo = await context.repository()
    await renameRemote(repo, { from, to, who: await logIdentity(context) })
    return { from, to }
  },
  toText: () => '',
})

const setUrlCommand = defineCommand({
  name: 'set-url',
  usage: ['set-url [--push] <name> <url>', 'set-url --push --delete <name>'],
  summary: 'Say where a remote is now',
  examples: [
    { command: 'varve remote set-url origin /data/prices.varve', about: 'it was moved' },
    {
      command: 'varve remote set-url --push origin ../outbox.varve',
      about: 'fetched there, pushed here',
    },
  ],
  report: true,
  options: (y) =>
    y
      .positional('name', named)
      .positional('url', { complete: 'file', describe: 'A URL or path' })
      .option('push', { type: 'boolean', describe: 'Where it is pushed to' })
      .option('delete', {
        type: 'boolean',
        describe: 'With --push: where it is fetched from again',
      })
      .implies('delete', 'push'),
  run: async ({ name, url, push, delete: remove }, context) => {
    if (remove === (url !== undefined)) {
      throw usageError(remove ? '--delete takes no URL' : 'missing <url>')
    }
    const repo = await context.repository()
    return setRemoteUrl(repo, { name, url: url ?? '', push, delete: remove })
  },
  toText: () => '',
  toJson: remoteJson,
})

const getUrlCommand = defineCommand({
  name: 'get-url',
  summary: 'Print where a remote is',
  examples: [{ command: 'varve remote get-url origin', about: 'its URL alone, for scripts' }],
  options: (y) =>
    y
      .positional('name', named)
      .option('push', { type: 'boolean', describe: 'Where it is pushed to' }),
  run: async ({ name, push }, context) => {
    const { url, pushUrl } = remoteNamed((await context.repository()).config, name)
    return { name, url: shownUrl(push ? pushUrl : url) }
  },
  toText: ({ url }) => url,
})

const setBranchesCommand = defineCommand({
  name: 'set-branches',
  summary: 'Fetch other branches from now on',
  examples: [
    { command: 'varve remote set-branches origin main', about: 'this one alone' },
    { command: 'varve remote set-branches --add origin vendor-b', about: 'this one too' },
  ],
  report: true,
  options: (y) =>
    y
      .positional('name', named)
      .positional('branches', { demandOption: true, array: true, describe: 'Branches there' })
      .option('add', { type: 'boolean', describe: 'Beside those that are fetched' }),
  run: async ({ name, branches, add }, context) =>
    setRemoteBranches(await context.repository(), { name, branches, add }),
  toText: () => '',
  toJson: remoteJson,
})

const showCommand = defineCommand({
  name: 'show',
  summary: 'Ask a remote what it has, and say how it stands to what is here',
  examples: [
    { command: 'varve remote show origin', about: 'its branches, and what a push would do' },
  ],
  options: (y) => y.positional('name', named),
  run: async ({ name }, context) => {
    const repo = await context.repository()
    return whileMovingObjects(context, 'fetch', (transfer) =>
      showRemote(repo, { ...transfer, name }),
    )
  },
  toText: ({ name, url, pushUrl, head, branches, following, pushes }) => {
    const lines = [
      `* remote ${name}`,
      `  Fetch URL: ${shownUrl(url)}`,
      `  Push  URL: ${shownUrl(pushUrl)}`,
      `  HEAD branch: ${head}`,
    ]
    const list = (title: string, rows: readonly (readonly [string, string])[]): void => {
      if (rows.length === 0) return
      const width = Math.max(...rows.map(([branch]) => branch.length))
      lines.push(`  ${title}:`, ...rows.map(([one, other]) => `    ${one.padEnd(width)} ${other}`))
    }
    const states = {
      new: 'new (the next fetch brings it)',
      tracked: 'tracked',
      gone: `gone (varve remote prune ${name} takes it away here)`,
      'not fetched': 'not fetched',
    }
    list(
      'Branches there',
      branches.map((branch) => [branch.name, states[branch.state]]),
    )
    list(
      "Branches here for 'varve pull'",
      following.map(({ branch, follows }) => [branch, `merges with ${follows} there`]),
    )
    list(
      "Branches for 'varve push'",
      pushes.map(({ branch, state }) => [branch, `(${state})`]),
    )
    return lines.join('\n')
  },
  toJson: ({ head, branches, following, pushes, ...remote }) => ({
    ...remoteJson(remote),
    head,
    branches: branches.map(({ id, ...branch }) => ({ ...branch, id: id ?? null })),
    following,
    pushes,
  }),
})

const pruneCommand = defineCommand({
  name: 'prune',
  summary: 'Remove refs here that show branches which are gone there',
  examples: [{ command: 'varve remote prune origin', about: 'as fetch --prune, and nothing more' }],
  report: true,
  options: (y) =>
    y
      .positional('name', named)
      .option('dry-run', { alias: 'n', type: 'boolean', describe: 'Only say what would go' }),
  run: async ({ name, dryRun }, context) => {
    const repo = await context.repository()
    const who = await logIdentity(context)
    const refs = await whileMovingObjects(context, 'fetch', (transfer) =>
      pruneRemote(repo, { ...transfer, name, dryRun, who }),
    )
    return { name, dryRun, refs: refs.flatMap(({ target }) => target ?? []) }
  },
  toText: ({ refs, dryRun }) =>
    refs
      .map((ref) => ` * [${dryRun ? 'would prune' : 'pruned'}] ${ref.replace('refs/remotes/', '')}`)
      .join('\n'),
})

export const remoteCommand = defineCommandGroup({
  name: 'remote',
  summary: 'Manage the repositories that are known by a name',
  description:
    'A remote is another repository, known by a name: fetch, pull and push take the name in place ' +
    'of the URL. Its branches are shown here as NAME/BRANCH, as they were when it was last looked ' +
    'at. Configuration keeps it: remote.NAME.url, .pushUrl, .fetch.',
  examples: [
    { command: 'varve remote -v', about: 'which there are, and where' },
    { command: 'varve remote add origin ../prices.varve', about: 'a new one' },
    { command: 'varve remote show origin', about: 'what it has' },
  ],
  subcommands: [
    listCommand,
    addCommand,
    renameCommand,
    removeCommand,
    setUrlCommand,
    getUrlCommand,
    setBranchesCommand,
    showCommand,
    pruneCommand,
  ],
  fallback: 'list',
})

function remoteJson({ name, url, pushUrl, fetch: refspecs, tags, mirror }: Remote) {
  return {
    name,
    url: shownUrl(url),
    pushUrl: shownUrl(pushUrl),
    fetch: refspecs.map(({ text }) => text),
    tags,
    mirror,
  }
}

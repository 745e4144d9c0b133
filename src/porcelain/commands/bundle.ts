import { defineCommand, defineCommandGroup, usageError } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import {
  bundleBytes,
  type ListedBundle,
  openBundleSession,
  type PlannedBundle,
  planBundle,
} from '../../plumbing/bundle.ts'
import { createMemoryRepository } from '../../plumbing/memory-repository.ts'
import type { Repository } from '../../plumbing/repository.ts'

const file = {
  demandOption: true,
  complete: 'file',
  describe: 'The file of the bundle',
} as const

interface WrittenBundle extends PlannedBundle {
  readonly file: string
  readonly objects: number
  readonly bytes: number
}

const createCommand = defineCommand({
  name: 'create',
  usage: 'create <file> (<rev>... | --all)',
  summary: 'Write branches and tags, with all that they need, into one file',
  description: [
    'The file is as good as a repository that one can clone and fetch from. What a reader has already',
    'may be left out: v1..main holds what came after v1, and can be fetched where v1 is.',
    'A file "-" is standard output.',
  ].join('\n'),
  examples: [
    { command: 'varve bundle create prices.bundle --all', about: 'everything' },
    { command: 'varve bundle create news.bundle v1..main', about: 'what came after v1' },
    {
      command: 'varve bundle create - --all | ssh host "cat > prices.bundle"',
      about: 'without a file here',
    },
  ],
  report: true,
  options: (y) =>
    y
      .positional('file', file)
      .positional('revisions', {
        array: true,
        complete: 'revision',
        describe: 'Branches, tags, ranges; ^REV leaves out',
      })
      .option('all', { type: 'boolean', describe: 'All branches and tags' })
      .option('branches', { type: 'boolean', describe: 'All branches' })
      .option('tags', { type: 'boolean', describe: 'All tags' }),
  run: async function* (args, context): AsyncGenerator<Uint8Array | WrittenBundle> {
    const isFile = args.file !== '-'
    if (!isFile && context.json) throw usageError('--json goes with a file')
    if (!isFile && context.stdoutIsTerminal) {
      throw usageError('a bundle is not for a terminal', 'varve bundle create FILE --all')
    }
    const repo = await context.repository()
    const { revisions, all, branches, tags } = args
    if (revisions.length === 0 && !all && !branches && !tags) {
      throw usageError('missing <rev>', 'varve bundle create FILE --all')
    }
    const now = context.now()
    const planned = await planBundle(repo, {
      revisions,
      all,
      ...(branches && { branches }),
      ...(tags && { tags }),
      now,
    })
    const progress = context.progress({ label: 'writing objects', unit: 'objects' })
    let objects = 0
    const onObjects = (count: number, bytes: number, total: number): void => {
      objects = count
      progress.total(total)
      progress.bytes(bytes)
      progress.set(count)
    }
    try {
      const pieces = bundleBytes(repo, planned, { signal: context.abort, onObjects })
      if (!isFile) {
        yield* pieces
        return
      }
      const bytes = await context.writeFile(args.file, pieces)
      progress.done()
      yield { file: args.file, ...planned, objects, bytes }
    } finally {
      progress.done()
    }
  },
  toText: (item) => {
    if (item instanceof Uint8Array) return ''
    const { file: name, refs, objects, bytes } = item
    const names = refs.length === 1 ? '1 ref' : `${refs.length} refs`
    return `${name}: ${names}, ${objects.toLocaleString('en-US')} objects, ${bytes.toLocaleString('en-US')} bytes`
  },
  toJson: (item) => {
    if (item instanceof Uint8Array) return undefined
    const { file: name, refs, head, needs, objects, bytes } = item
    return { file: name, head, refs, needs, objects, bytes }
  },
})

const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'Check that a bundle is whole, and that what it needs is here',
  examples: [{ command: 'varve bundle verify news.bundle', about: 'can it be fetched from?' }],
  options: (y) => y.positional('file', file),
  run: async ({ file: path }, context) => {
    const repo = (await context.optionalRepository()) ?? createMemoryRepository()
    const listed = await listOf(repo, context.resolve(path))
    if (listed.missing.length === 0) return { file: path, ...listed }
    throw new VarveError('refused', `${path} needs commits that are not here`, {
      data: { missing: listed.missing },
      hint: 'fetch those first: the bundle holds only what came after them',
    })
  },
  toText: ({ file: path, refs, needs }) =>
    [
      ...refs.map(({ id, name }) => `${id} ${name}`),
      ...needs.map((id) => `needs ${id}`),
      `${path} is whole${needs.length === 0 ? ', and needs nothing' : ', and what it needs is here'}`,
    ].join('\n'),
})

const listCommand = defineCommand({
  name: 'list',
  summary: 'List the branches and tags in a bundle',
  examples: [{ command: 'varve bundle list prices.bundle', about: 'what could be fetched' }],
  options: (y) => y.positional('file', file),
  run: async ({ file: path }, context) => {
    const repo = (await context.optionalRepository()) ?? createMemoryRepository()
    const { refs, head, needs } = await listOf(repo, context.resolve(path))
    return { file: path, refs, head, needs }
  },
  toText: ({ refs }) => refs.map(({ id, name }) => `${id} ${name}`).join('\n'),
})

export const bundleCommand = defineCommandGroup({
  name: 'bundle',
  summary: 'Move branches and tags in a file, where there is no connection',
  description:
    'A bundle is a file with branches and tags and all that they need. clone, fetch and pull take it in ' +
    'place of a URL, and verify it as what comes over a connection.',
  examples: [
    { command: 'varve bundle create prices.bundle --all', about: 'everything, to carry away' },
    { command: 'varve clone prices.bundle', about: 'a repository of it' },
    { command: 'varve fetch ../news.bundle main', about: 'or what is new in it' },
  ],
  subcommands: [createCommand, verifyCommand, listCommand],
})

async function listOf(repo: Repository, path: string): Promise<ListedBundle> {
  const session = await openBundleSession(repo, path)
  try {
    return await session.listing()
  } finally {
    await session.close()
  }
}

import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import type { Id } from '../../core/id.ts'
import { textLines } from '../byte-lines.ts'
import { listObjects } from '../list-objects.ts'
import { packObjects, parseObjectLine } from '../pack-objects.ts'
import type { Repository } from '../repository.ts'

interface Selection {
  readonly revs: boolean
  readonly all: boolean
  readonly branches: boolean
  readonly tags: boolean
}

export const packObjectsCommand = defineCommand({
  name: 'pack-objects',
  usage: [
    'pack-objects [--revs] [--all] <base-name> < LIST',
    'pack-objects [--revs] [--all] --stdout < LIST',
  ],
  summary: 'Put objects into one pack, for somewhere else',
  description: [
    'Reads ids, one a line, as rev-list --objects lists them; what comes after an id in its line is left',
    'out. Writes them as one pack into the file <base-name>-<name>.pack and prints that name, the SHA-256',
    'of the file; with --stdout it writes the pack itself. The pack has its index in it: there is no',
    'second file. It stands by itself: an object that is stored here as a difference to one that is not',
    'among them is stored whole.',
    '',
    'With --revs the lines are revisions: HEAD, ^v1, v1..main. Put what came first: of several versions',
    'the first one is stored whole. index-pack and unpack-objects take what this makes; to carry',
    'branches and tags as well, varve bundle is more.',
  ].join('\n'),
  examples: [
    {
      command: 'varve rev-list --objects v1..main | varve pack-objects news',
      about: 'what came after v1, as news-….pack',
    },
    {
      command: 'echo main | varve pack-objects --revs --stdout | varve -C ../copy unpack-objects',
      about: 'all of main, stored in another repository',
    },
  ],
  options: (y) =>
    y
      .positional('base-name', {
        complete: 'file',
        describe: 'What the file is called: <base-name>-….pack',
      })
      .option('stdout', { type: 'boolean', describe: 'Write the pack to standard output' })
      .option('revs', { type: 'boolean', describe: 'Read revisions, not ids' })
      .option('all', { type: 'boolean', describe: 'All refs, beside the revisions that are read' })
      .option('branches', { type: 'boolean', describe: 'All branches, likewise' })
      .option('tags', { type: 'boolean', describe: 'All tags, likewise' }),
  run: async function* (args, context) {
    const base = args.baseName
    if (args.stdout === (base !== undefined)) {
      throw usageError(
        args.stdout ? '--stdout takes no name of a file' : 'missing <base-name>',
        'varve pack-objects NAME, or --stdout',
      )
    }
    if (args.stdout && context.json) throw usageError('--json goes with <base-name>')
    if (args.stdout && context.stdoutIsTerminal) {
      throw usageError('a pack is not for a terminal', 'send it to a file or a program')
    }
    const repo = await context.repository()
    const progress = context.progress({ label: 'writing objects', unit: 'objects' })
    const onObjects = (written: number, total: number): void => {
      progress.total(total)
      progress.set(written)
    }
    try {
      const ids = objectsToPack(repo, args, context)
      const packed = await packObjects(repo, ids, { signal: context.abort, onObjects })
      try {
        if (base === undefined) {
          yield* packed.bytes()
          return
        }
        const { pack, objects, size } = packed
        const file = `${base}-${pack}.pack`
        await context.writeFile(file, packed.bytes())
        yield { pack, file, objects, size }
      } finally {
        await packed.discard()
      }
    } finally {
      progress.done()
    }
  },
  toText: (item) => (item instanceof Uint8Array ? '' : item.pack),
})

/** The ids that standard input names, or the revisions on it lead to. */
async function* objectsToPack(
  repo: Repository,
  { revs, all, branches, tags }: Selection,
  context: Context,
): AsyncGenerator<Id> {
  if (!revs && !all && !branches && !tags) {
    let number = 0
    for await (const line of textLines(context.stdin)) {
      const id = parseObjectLine(line, ++number)
      if (id !== undefined) yield id
    }
    return
  }
  const revisions: string[] = []
  for await (const line of textLines(context.stdin)) {
    const text = line.trim()
    if (text !== '') revisions.push(text)
  }
  const options = { revisions, all, branches, tags, now: context.now() }
  for await (const { id } of listObjects(repo, options)) yield id
}

import type { Context } from '../../cli/context.ts'
import { defineCommand } from '../../cli/define-command.ts'
import { readCommit } from '../../core/commit.ts'
import { hasCode, VarveError } from '../../core/errors.ts'
import type { Id } from '../../core/id.ts'
import { type DiffTreeEntry, diffTree, formatRawChange } from '../diff-tree.ts'
import { quotePath } from '../quote-path.ts'
import type { Repository } from '../repository.ts'
import { resolveObjectName } from '../resolve-object-name.ts'
import { peelObject } from '../resolve-revision.ts'
import { ended } from './object-argument.ts'

interface Sides {
  readonly old: Id | undefined
  readonly next: Id
}

export const diffTreeCommand = defineCommand({
  name: 'diff-tree',
  usage: [
    'diff-tree [<options>] <tree-ish> <tree-ish> [<path>...]',
    'diff-tree [<options>] <commit> [<path>...]',
  ],
  summary: 'Compare two trees by the ids of what is in them',
  description: [
    'Each line is `:old-kind new-kind old-id new-id status TAB path`, as git prints them; what is',
    'not there has kind 0 and an id of zeros. Status: A added, D deleted, M modified (only in its',
    'settings where both ids are the same), T another kind.',
    '',
    'A single commit is compared with its parent and its id printed first. A first commit shows',
    'nothing without --root, a merge nothing without -m.',
  ].join('\n'),
  examples: [
    { command: 'varve diff-tree -r HEAD~1 HEAD', about: 'the series that the last commit changed' },
    { command: 'varve diff-tree -r --name-only HEAD', about: 'their names alone' },
  ],
  options: (y) =>
    y
      .positional('tree-ish', { demandOption: true, complete: 'revision' })
      .positional('more', { array: true, complete: 'revision', describe: 'A tree-ish, then paths' })
      .option('r', { type: 'boolean', describe: 'Go into collections' })
      .option('root', { type: 'boolean', describe: 'Show a first commit as all added' })
      .option('m', { type: 'boolean', describe: 'Compare a merge with each of its parents' })
      .option('name-only', { type: 'boolean', describe: 'Print paths alone' })
      .option('name-status', { type: 'boolean', describe: 'Print status and path' })
      .option('commit-id', {
        type: 'boolean',
        default: true,
        describe: 'Print the id of a single commit first; --no-commit-id leaves it out',
      })
      .option('exit-code', {
        type: 'boolean',
        describe: 'Exit with 1 when there are differences',
      })
      .option('z', { type: 'boolean', describe: 'End fields with NUL and do not quote paths' })
      .conflicts('name-only', 'name-status'),
  run: async function* (args, context): AsyncGenerator<DiffTreeEntry | { commit: Id }> {
    const repo = await context.repository()
    const { comparisons, paths, commit } = await sides(repo, context, args)
    for (const { old, next } of comparisons) {
      let announced = commit === undefined || !args.commitId
      for await (const entry of diffTree(repo.objects, old, next, { recursive: args.r, paths })) {
        if (!announced && commit !== undefined) yield { commit }
        announced = true
        if (args.exitCode) context.answerNo()
        yield entry
      }
    }
  },
  toText: (item, _style, { z, nameOnly, nameStatus }) => {
    if ('commit' in item) return ended(item.commit, z)
    const path = z ? item.path : quotePath(item.path)
    if (nameOnly) return ended(path, z)
    if (nameStatus) return ended(`${item.status}${z ? '\0' : '\t'}${path}`, z)
    return ended(formatRawChange(item, z), z)
  },
  toJson: (item) => {
    if ('commit' in item) return item
    const { status, path, old, new: next } = item
    return { status, path, old: side(old), new: side(next) }
  },
  raw: ({ z }) => z,
})

function side(entry: DiffTreeEntry['old']) {
  if (entry === undefined) return null
  const { kind, id, settings } = entry
  return { kind, id, settings: settings ?? null }
}

interface Request {
  readonly treeIsh: string
  readonly more: readonly string[]
  readonly root: boolean
  readonly m: boolean
}

/** Which trees to compare: a second word that is no revision is a path. */
async function sides(
  repo: Repository,
  context: Context,
  { treeIsh, more, root, m }: Request,
): Promise<{ comparisons: Sides[]; paths: readonly string[]; commit?: Id }> {
  const options = { now: context.now(), prefer: 'tree' } as const
  const first = await resolveObjectName(repo, treeIsh, options)
  const [word] = more
  const second =
    word === undefined ? undefined : await ifNamed(resolveObjectName(repo, word, options))
  if (word !== undefined && second !== undefined) {
    const old = await peelObject(repo, first.id, 'tree', treeIsh)
    const next = await peelObject(repo, second.id, 'tree', word)
    return { comparisons: [{ old, next }], paths: more.slice(1) }
  }
  const commit = await peelObject(repo, first.id, 'any', treeIsh)
  if (first.kind === 'tree') {
    throw new VarveError('usage', `${treeIsh} is a tree: it takes another one to compare it with`)
  }
  const { tree, parents } = await readCommit(repo.objects, commit)
  const comparisons: Sides[] = []
  if (parents.length === 0 && root) comparisons.push({ old: undefined, next: tree })
  if (parents.length === 1 || m) {
    for (const parent of parents) {
      comparisons.push({ old: (await readCommit(repo.objects, parent)).tree, next: tree })
    }
  }
  return { comparisons, paths: more, commit }
}

async function ifNamed<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (hasCode(error, 'revision-not-found') || hasCode(error, 'series-not-found')) return undefined
    throw error
  }
}

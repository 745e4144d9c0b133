import type { Context } from '../../cli/context.ts'
import { defineCommand, usageError } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import type { Id } from '../../core/id.ts'
import { LINE_FEED, NUL, textLines } from '../byte-lines.ts'
import type { Repository } from '../repository.ts'
import { ZERO_ID } from '../tree-line.ts'
import { type RefChange, updateRef } from '../update-ref.ts'
import { logIdentity } from './log-identity.ts'
import { objectId } from './object-argument.ts'

export const updateRefCommand = defineCommand({
  name: 'update-ref',
  usage: [
    'update-ref [-m <reason>] [--no-deref] <ref> <new> [<old>]',
    'update-ref [-m <reason>] [--no-deref] -d <ref> [<old>]',
    'update-ref [-m <reason>] [--no-deref] --stdin [-z]',
  ],
  summary: 'Set, create or delete refs, safely',
  description: [
    'With <old>, nothing is changed unless the ref is at it now; zeros, or the empty text, mean that',
    'it must not exist. HEAD means the branch that HEAD is on, with --no-deref HEAD itself.',
    '',
    '--stdin reads one change a line and makes all of them or none:',
    '  update SP ref SP new [SP old]',
    '  create SP ref SP new',
    '  delete SP ref [SP old]',
  ].join('\n'),
  examples: [
    { command: 'varve update-ref refs/heads/main "$c"', about: 'a branch is at this commit now' },
    {
      command: 'varve update-ref refs/heads/main "$new" "$old"',
      about: 'only if nobody moved it meanwhile',
    },
  ],
  options: (y) =>
    y
      .positional('ref', { describe: 'The full name of a ref, or HEAD', complete: 'branch' })
      .positional('value', { array: true, complete: 'revision' })
      .option('m', { value: 'reason', describe: 'What the ref log says about it' })
      .option('d', { type: 'boolean', describe: 'Delete the ref' })
      .option('deref', {
        type: 'boolean',
        default: true,
        describe: 'Change the branch that HEAD is on; --no-deref changes HEAD itself',
      })
      .option('stdin', { type: 'boolean', describe: 'Read changes from standard input' })
      .option('z', { type: 'boolean', describe: 'With --stdin: changes end with NUL' })
      .conflicts('d', 'stdin')
      .implies('z', 'stdin'),
  report: true,
  run: async (args, context) => {
    const repo = await context.repository()
    const changes = args.stdin
      ? await readChanges(repo, context, args.z)
      : [await oneChange(repo, context, args)]
    if (args.stdin && args.ref !== undefined) throw usageError('--stdin takes no ref beside it')
    const { updates } = await updateRef(repo, {
      changes,
      noDeref: !args.deref,
      who: await logIdentity(context),
      message: args.m ?? 'update-ref',
    })
    return { updates }
  },
  toText: () => '',
  toJson: ({ updates }) => ({
    updates: updates.map(({ name, old, new: next }) => ({
      name,
      old: old ?? null,
      new: next ?? null,
    })),
  }),
})

async function oneChange(
  repo: Repository,
  context: Context,
  { ref, value, d }: { ref: string | undefined; value: readonly string[]; d: boolean },
): Promise<RefChange> {
  if (ref === undefined) throw usageError('missing <ref>')
  if (value.length > (d ? 1 : 2)) throw usageError(`unexpected argument ${value.at(-1)}`)
  const words = d ? [undefined, value[0]] : value
  if (!d && value.length === 0) throw usageError('missing <new>')
  return refChange(repo, context, ref, words[0], words[1])
}

/** No new value, or zeros: the ref is deleted. */
async function refChange(
  repo: Repository,
  context: Context,
  ref: string,
  next: string | undefined,
  old: string | undefined,
): Promise<RefChange> {
  return {
    ref,
    new: next === undefined ? undefined : ((await refValue(repo, context, next)) ?? undefined),
    ...(old !== undefined && { old: await refValue(repo, context, old) }),
  }
}

async function refValue(repo: Repository, context: Context, text: string): Promise<Id | null> {
  return text === '' || text === ZERO_ID ? null : objectId(repo, context, text)
}

async function readChanges(
  repo: Repository,
  context: Context,
  zero: boolean,
): Promise<RefChange[]> {
  const changes: RefChange[] = []
  let number = 0
  for await (const line of textLines(context.stdin, zero ? NUL : LINE_FEED)) {
    number++
    if (line === '') continue
    const [verb, ref, ...values] = line.split(' ')
    const change = (next: string | undefined, old: string | undefined) =>
      refChange(repo, context, ref!, next, old)
    if (verb === 'update' && ref !== undefined && (values.length === 1 || values.length === 2)) {
      changes.push(await change(values[0], values[1]))
    } else if (verb === 'create' && ref !== undefined && values.length === 1) {
      changes.push(await change(values[0], ''))
    } else if (verb === 'delete' && ref !== undefined && values.length <= 1) {
      changes.push(await change(undefined, values[0]))
    } else {
      throw new VarveError('bad-input', `line ${number} is not a change of a ref`, {
        data: { line: number, found: line.slice(0, 1000), expected: 'update, create or delete' },
        hint: 'update REF NEW [OLD], create REF NEW, or delete REF [OLD]',
      })
    }
  }
  return changes
}

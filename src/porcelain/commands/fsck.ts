import { defineCommand } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import { shortId } from '../../core/id.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import { count } from '../change-summary.ts'
import { type FsckProblem, type FsckSummary, fsck } from '../fsck.ts'
import { type FsckLost, type FsckRepair, repair } from '../fsck-repair.ts'

export const fsckCommand = defineCommand({
  name: 'fsck',
  summary: 'Check everything that is stored, and repair it',
  description: [
    'Reads the ref log, its checkpoints and archives, and checks that each follows from those before;',
    'goes through all that refs, the ref log and the index lead to, compares the SHA-256 of each object',
    'with its id, and checks that it is as the format says: trees and segments cut where they must be,',
    'keys sorted and unique, rows as they are counted; then checks every pack, and what is in it that',
    'nothing leads to.',
    '',
    'Names each object that is damaged or missing and what it belongs to: the commit, the series, the',
    'column and the range of its index. The exit code is 7 where something is wrong, or is lost',
    'after a repair. Without options nothing is changed.',
    '',
    'With --repair-from, objects that are damaged or missing are fetched from another copy of the',
    'repository by their ids, and verified by them. Damaged packs are moved into the folder `damaged`',
    'of the repository once all that they held is in others; no bytes are deleted.',
    '',
    'With --salvage, also where something is lost: all that verifies is kept, also from damaged packs,',
    'and refs stay as they are. What cannot be read is listed; reading it is an error, everything else',
    'reads as before. A damaged ref log ends with a checkpoint of what its other entries say. Let nobody',
    'else write meanwhile.',
  ].join('\n'),
  examples: [
    { command: 'varve fsck', about: 'is everything as it was written?' },
    { command: 'varve fsck --json', about: 'a line a problem, then the summary' },
    {
      command: 'varve fsck --repair-from /backup/prices',
      about: 'fetch what is damaged from another copy',
    },
    { command: 'varve fsck --salvage', about: 'there is no other copy: keep what can be read' },
  ],
  options: (y) =>
    y
      .option('repair-from', {
        type: 'string',
        describe: 'Fetch what is damaged or missing from the repository at REMOTE',
        value: 'REMOTE',
      })
      .option('salvage', {
        type: 'boolean',
        describe: 'Keep what verifies, and move what does not aside',
      }),
  run: async function* ({ repairFrom, salvage }, context) {
    const repo = await context.uncheckedRepository()
    const from = repairFrom === undefined ? undefined : await context.repositoryAt(repairFrom)
    const objects = context.progress({ label: 'checking objects', unit: 'objects' })
    const packs = context.progress({ label: 'checking packs', unit: 'bytes' })
    const options = {
      signal: context.abort,
      onObjects: (number: number) => objects.set(number),
      onPack: ({ read, total }: { read: number; total: number }) => {
        packs.total(total)
        packs.set(read)
        if (read === total) packs.done()
      },
    }
    const changes = from !== undefined || salvage === true
    let problems = 0
    let isRepaired = false
    let isLogDamaged = false
    try {
      const items = changes
        ? repair(repo, { ...options, from, salvage, who: await logIdentity(context) })
        : fsck(repo, options)
      for await (const item of items) {
        if (item.kind === 'repair') isRepaired = true
        if (item.kind === 'problem' && item.file !== undefined) isLogDamaged = true
        if (item.kind === 'summary') problems = item.problems
        yield item
      }
    } finally {
      objects.done()
      packs.done()
    }
    if (problems === 0) return
    throw new VarveError('corrupt-object', `the repository has ${count(problems, 'problem')}`, {
      data: { problems },
      hint:
        isLogDamaged && !isRepaired
          ? 'varve fsck --salvage goes on with what the ref log says all the same'
          : hintAfter(isRepaired, salvage === true),
    })
  },
  toText: (item, style) => {
    switch (item.kind) {
      case 'problem':
        return problemText(style.red(item.code), item)
      case 'lost':
        return problemText(style.red('lost'), item)
      case 'repair':
        return repairText(item)
      case 'summary':
        return summaryText(item)
    }
  },
})

function hintAfter(isRepaired: boolean, salvage: boolean): string {
  if (isRepaired && salvage) {
    return 'what is lost can still come from a copy: varve fsck --repair-from REMOTE'
  }
  if (isRepaired) return 'REMOTE does not have all of it; --salvage keeps what can be read'
  return 'varve fsck --repair-from REMOTE fetches it from another copy of the repository'
}

/** What it belongs to, where that is known, and on a line of its own what is wrong. */
function problemText(label: string, problem: FsckProblem | FsckLost): string {
  const { message, path, column, first, last, rows, commit, from, pack, object } = problem
  const packed = pack === undefined || message.includes(pack) ? '' : ` [pack ${shortId(pack)}]`
  const which = object === undefined || message.includes(object) ? '' : ` [object ${object}]`
  const what = `${message}${which}${packed}`
  const where = [
    ...(path === undefined ? [] : [path]),
    ...(column === undefined ? [] : [`column ${JSON.stringify(column)}`]),
    ...(first === undefined ? [] : [`${first} to ${last}`]),
    ...(rows === undefined ? [] : [count(rows, 'row')]),
    ...(commit === undefined ? [] : [`commit ${shortId(commit)}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
  ]
  return where.length === 0 ? `${label} ${what}` : `${label} ${where.join(', ')}\n    ${what}`
}

function repairText({ fetched, kept, pack, aside }: FsckRepair): string {
  const objects = [
    ...(fetched > 0 ? [`${count(fetched, 'object')} fetched`] : []),
    ...(kept > 0 ? [`${count(kept, 'object')} of damaged packs kept`] : []),
  ]
  const lines = [
    ...(objects.length > 0 ? [`${objects.join(', ')}, in pack ${pack}`] : []),
    ...aside.map((name) => `moved aside: ${name}`),
  ]
  return lines.length > 0 ? lines.join('\n') : 'nothing could be repaired'
}

function summaryText(summary: FsckSummary): string {
  const { packs, stored, objects, commits, trees, series, tags, refs, logEntries, problems } =
    summary
  const parts = [
    `${count(packs, 'pack')} with ${count(stored, 'object')}`,
    `${count(objects, 'reachable object')}: ${count(commits, 'commit')}, ${count(trees, 'tree')}`,
    `${series.toLocaleString('en-US')} series, ${count(tags, 'tag')}`,
    `${count(refs, 'ref')}, ${logEntries.toLocaleString('en-US')} log entries`,
  ]
  const verdict = problems === 0 ? 'nothing is wrong' : count(problems, 'problem')
  return `checked ${parts.join(', ')}: ${verdict}`
}

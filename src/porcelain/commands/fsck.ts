import type { Context } from '../../cli/context.ts'
import { defineCommand } from '../../cli/define-command.ts'
import { type ErrorCode, hasCode, VarveError } from '../../core/errors.ts'
import { shortId } from '../../core/id.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { count } from '../change-summary.ts'
import { type FsckDangling, type FsckProblem, type FsckSummary, fsck } from '../fsck.ts'
import type { FsckKept } from '../fsck-keep.ts'
import { type FsckLost, type FsckRepair, repair } from '../fsck-repair.ts'

export const fsckCommand = defineCommand({
  name: 'fsck',
  summary: 'Check everything that is stored, and repair it',
  description: [
    'Reads the ref log, its checkpoints and archives, and checks that each follows from those before;',
    'goes through all that refs, the ref log and the index lead to, compares the SHA-256 of each object',
    'with its id, and checks that it is as the format says: trees and segments cut where they must be,',
    'keys sorted and unique, rows as they are counted; then checks every pack, and what is in it that',
    'nothing leads to. Commits and tags that nothing leads to are listed as dangling, with the refs that',
    'they follow: that is no problem, but where such a ref has lost its last change, they are that.',
    '',
    'Names each object that is damaged or missing and what it belongs to: the commit, the series, the',
    'column and the range of its index. The exit code is 7 where something is wrong, or is lost',
    'after a repair. Without options nothing is changed.',
    '',
    'With --repair-from, objects that are damaged or missing are fetched from another copy of the',
    'repository by their ids, and verified by them. Damaged packs are moved into the folder `damaged`',
    'of the repository once all that they held is in others; no bytes are deleted. What is damaged or',
    'missing of the ref log is taken from a copy whose ref log agrees with this one in all else.',
    '',
    'With --salvage, also where something is lost: all that verifies is kept, also from damaged packs,',
    'and refs stay as they are. What cannot be read is listed; reading it is an error, everything else',
    'reads as before. A damaged ref log ends with a checkpoint of what its other entries say; refs may',
    'have moved in those that are lost, so commits and tags that nothing leads to are kept then as tags',
    '`salvaged/ID`, which `log --all` shows. Let nobody else write meanwhile.',
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
    if (repairFrom === '') {
      throw new VarveError(
        'usage',
        '--repair-from takes the location of a repository, not an empty text',
      )
    }
    const repo = await context.uncheckedRepository()
    const from = repairFrom === undefined ? undefined : await copyAt(repairFrom, context)
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
    const tags: string[] = []
    const left: (FsckProblem | FsckLost)[] = []
    try {
      const items = changes
        ? repair(repo, { ...options, from, salvage, who: await logIdentity(context) })
        : fsck(repo, options)
      for await (const item of items) {
        if (item.kind === 'repair') {
          isRepaired = true
          left.length = 0
        }
        if (item.kind === 'kept') tags.push(item.ref)
        if (item.kind === 'problem' || item.kind === 'lost') left.push(item)
        if (item.kind === 'summary') problems = item.problems
        yield item
      }
    } finally {
      objects.done()
      packs.done()
    }
    if (problems === 0) return
    throw new VarveError(codeOf(left), `the repository has ${count(problems, 'problem')}`, {
      data: { problems },
      hint: hintFor(left, { isRepaired, salvage: salvage === true, isKept: tags.length > 0 }),
    })
  },
  toText: (item, style) => {
    switch (item.kind) {
      case 'problem':
        return problemText(style.red(item.code), item)
      case 'lost':
        return problemText(style.red('lost'), item)
      case 'dangling':
        return danglingText(item)
      case 'kept':
        return keptText(item)
      case 'repair':
        return repairText(item)
      case 'summary':
        return summaryText(item)
    }
  },
})

/** The other copy. */
async function copyAt(location: string, context: Context): Promise<Repository> {
  try {
    return await context.repositoryAt(location)
  } catch (error) {
    if (!hasCode(error, 'not-a-repository')) throw error
    throw new VarveError(error.code, error.message, {
      data: error.data,
      hint: '--repair-from takes the location of another copy of this repository',
      cause: error,
    })
  }
}

/** The code that all of them have, where it is one of damage; else that of damage to what is stored. */
function codeOf(problems: readonly Pick<FsckProblem, 'code'>[]): ErrorCode {
  const [code, ...others] = new Set(problems.map((problem) => problem.code))
  const isDamage = code === 'corrupt-file' || code === 'corrupt-log' || code === 'corrupt-pack'
  return isDamage && others.length === 0 ? code : 'corrupt-object'
}

interface After {
  readonly isRepaired: boolean
  readonly salvage: boolean
  /** Whether commits were kept as tags. */
  readonly isKept: boolean
}

function hintFor(problems: readonly Omit<FsckProblem, 'kind'>[], after: After): string {
  const { isRepaired, salvage, isKept } = after
  if (problems.every(({ hint }) => hint !== undefined)) {
    return 'no copy is needed: the line below each problem says what mends it'
  }
  if (problems.every(({ from }) => from === 'the index')) {
    return 'what is staged is lost: varve reset forgets it and leaves files as they are; add them again then'
  }
  const isOfLog = ({ file }: { file?: string }): boolean => file !== undefined
  if (!isRepaired) {
    return problems.some(isOfLog)
      ? 'varve fsck --repair-from REMOTE takes it from a copy that has it, --salvage goes on with what the ref log says all the same'
      : 'varve fsck --repair-from REMOTE fetches it from another copy of the repository'
  }
  if (!salvage) return 'REMOTE does not have all of it; --salvage keeps what can be read'
  if (!problems.every((problem) => isOfLog(problem) || problem.hint !== undefined)) {
    return 'what is lost can still come from a copy: varve fsck --repair-from REMOTE'
  }
  return isKept
    ? 'varve log --all shows what was kept, and varve branch NAME TAG begins a branch there'
    : 'compare varve branch --all and varve tag with what you know of them'
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
    ...(from === undefined || problem.hint !== undefined ? [] : [`from ${from}`]),
  ]
  const mends = problem.hint === undefined ? '' : `\n    ${problem.hint}`
  const place = where.length === 0 ? '' : `${where.join(', ')}\n    `
  return `${label} ${place}${what}${mends}`
}

function danglingText({ type, object, follows }: FsckDangling): string {
  return `dangling ${type} ${object}${followsText(follows)}`
}

function keptText({ type, object, ref, follows }: FsckKept): string {
  return `kept ${type} ${object} as tag ${ref.slice('refs/tags/'.length)}${followsText(follows)}`
}

function followsText(follows: readonly string[]): string {
  return follows.length === 0 ? '' : `, which follows ${follows.join(', ')}`
}

function repairText({ fetched, kept, pack, aside, refLogFetched }: FsckRepair): string {
  const objects = [
    ...(fetched > 0 ? [`${count(fetched, 'object')} fetched`] : []),
    ...(kept > 0 ? [`${count(kept, 'object')} of damaged packs kept`] : []),
  ]
  const lines = [
    ...(objects.length > 0 ? [`${objects.join(', ')}, in pack ${pack}`] : []),
    ...(refLogFetched ? ['the ref log is whole, with what the other copy has of it'] : []),
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
    `${count(refs, 'ref')}, ${logEntries.toLocaleString('en-US')} log ${logEntries === 1 ? 'entry' : 'entries'}`,
  ]
  const verdict = problems === 0 ? 'nothing is wrong' : count(problems, 'problem')
  return `checked ${parts.join(', ')}: ${verdict}`
}

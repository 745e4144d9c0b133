import { defineCommand } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import { shortId } from '../../core/id.ts'
import { count } from '../change-summary.ts'
import { type FsckProblem, type FsckSummary, fsck } from '../fsck.ts'

export const fsckCommand = defineCommand({
  name: 'fsck',
  summary: 'Check everything that is stored',
  description: [
    'Reads every pack and checks its checksums and the SHA-256 of each object; then goes through all',
    'that refs, the ref log and the index lead to, and checks that it is there and as the format says:',
    'trees and segments cut where they must be, keys sorted and unique, rows as they are counted.',
    '',
    'Names each damaged object and what it belongs to. The exit code is 7 where something is wrong.',
    'Nothing is changed.',
  ].join('\n'),
  examples: [
    { command: 'varve fsck', about: 'is everything as it was written?' },
    { command: 'varve fsck --json', about: 'a line a problem, then the summary' },
  ],
  run: async function* (_args, context) {
    const repo = await context.repository()
    const packs = context.progress({ label: 'checking packs', unit: 'bytes' })
    const objects = context.progress({ label: 'checking objects', unit: 'objects' })
    let problems = 0
    try {
      const found = fsck(repo, {
        signal: context.abort,
        onPack: ({ read, total }) => {
          packs.total(total)
          packs.set(read)
          if (read === total) packs.done()
        },
        onObjects: (number) => objects.set(number),
      })
      for await (const item of found) {
        if (item.kind === 'problem') problems++
        yield item
      }
    } finally {
      packs.done()
      objects.done()
    }
    if (problems === 0) return
    throw new VarveError('corrupt-object', `the repository has ${count(problems, 'problem')}`, {
      data: { problems },
      hint: 'another copy of the repository may have what is damaged or missing',
    })
  },
  toText: (item, style) =>
    item.kind === 'problem' ? `${style.red(item.code)} ${problemText(item)}` : summaryText(item),
})

function problemText({ message, path, commit, from, pack, object }: FsckProblem): string {
  const inside = path === undefined ? '' : ` in ${path}`
  const at = commit === undefined ? '' : ` at commit ${shortId(commit)}`
  const reached = from === undefined ? '' : ` (from ${from})`
  const named = pack === undefined || message.includes(pack) ? '' : ` [pack ${shortId(pack)}]`
  const which = object === undefined || message.includes(object) ? '' : ` [object ${object}]`
  return `${message}${inside}${at}${reached}${which}${named}`
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

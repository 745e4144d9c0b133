import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import {
  type ArchiveContents,
  type ArchiveFormat,
  archive,
  archivedTables,
  archiveFormats,
} from '../archive.ts'
import { count } from '../change-summary.ts'

export const archiveCommand = defineCommand({
  name: 'archive',
  usage: 'archive [<options>] <rev> [<series>...]',
  summary: 'Write series of a revision as a tar archive of tables',
  description: [
    'A snapshot for those who do not have varve: one table a series, under the name of the series, and',
    'varve-archive.json, which says what is in it: the commit, its date, and of each series the file,',
    'its id, rows, columns with their types, index and zone. REV:COLLECTION is what is in a',
    'collection.',
    '',
    'The same commit gives the same tar archive: members have the date of the commit, the mode 0644',
    'and no owner. Output goes to standard output unless -o names a file, whose ending says what kind',
    'of archive it is: .tar, .tar.gz or .tgz, .tar.zst.',
  ].join('\n'),
  examples: [
    { command: 'varve archive HEAD -o prices.tar.gz', about: 'everything, as CSV' },
    {
      command: 'varve archive --as parquet --prefix prices-1.0/ v1.0 brent-daily > prices.tar',
      about: 'one series of a release, as Parquet',
    },
    { command: 'varve archive HEAD weather/ | tar -x -C /tmp', about: 'a collection, unpacked' },
  ],
  report: true,
  options: (y) =>
    y
      .positional('rev', { demandOption: true, complete: 'revision' })
      .positional('series', { array: true, complete: 'series' })
      .option('format', {
        choices: archiveFormats,
        describe: "The kind of archive: what the ending of the file's name says, or tar",
      })
      .option('as', {
        choices: [...archivedTables.keys()],
        describe: 'How the tables are written: csv unless given',
      })
      .option('prefix', {
        value: 'folder/',
        describe: 'What every name in the archive begins with',
      })
      .option('output', {
        alias: 'o',
        value: 'file',
        complete: 'file',
        describe: 'Write to this file instead of standard output',
      }),
  run: async function* (args, context): AsyncGenerator<Uint8Array | Written, void, void> {
    const { output } = args
    const toFile = output !== undefined && output !== '-'
    if (!toFile && context.json) throw usageError('--json goes with -o FILE')
    if (!toFile && context.stdoutIsTerminal) {
      throw usageError('an archive is not for a terminal', '-o FILE writes it to a file')
    }
    const format = (args.format as ArchiveFormat | undefined) ?? formatOfFile(output ?? '')
    const repo = await context.repository()
    const progress = context.progress({ label: 'archiving', unit: 'series' })
    try {
      const made = await archive(repo, {
        rev: args.rev,
        series: args.series,
        now: context.now(),
        signal: context.abort,
        onSeries: () => progress.add(1),
        ...given({ format, as: args.as, prefix: args.prefix }),
      })
      progress.total(made.contents.series.length)
      if (!toFile) yield* made.bytes()
      else {
        const bytes = await context.writeFile(output, made.bytes())
        progress.done()
        yield { file: output, bytes, ...made.contents }
      }
    } finally {
      progress.done()
    }
  },
  toText: (item) => {
    if (item instanceof Uint8Array) return ''
    const { file, bytes, series } = item
    return `${file}: ${series.length.toLocaleString('en-US')} series, ${count(bytes, 'byte')}`
  },
})

interface Written extends ArchiveContents {
  readonly file: string
  readonly bytes: number
}

const ENDINGS: ReadonlyMap<string, ArchiveFormat> = new Map([
  ['.tar', 'tar'],
  ['.tar.gz', 'tar.gz'],
  ['.tgz', 'tar.gz'],
  ['.tar.zst', 'tar.zst'],
  ['.tzst', 'tar.zst'],
])

/** What kind of archive a file's name says it is; `usage` for a kind that there is not. */
function formatOfFile(name: string): ArchiveFormat | undefined {
  for (const [ending, format] of ENDINGS) if (name.toLowerCase().endsWith(ending)) return format
  const other = /\.(?:zip|7z|tar\.\w+|tbz2?|txz)$/i.exec(name)?.[0]
  if (other === undefined) return undefined
  throw usageError(`there are no ${other} archives`, `endings: ${[...ENDINGS.keys()].join(' ')}`)
}

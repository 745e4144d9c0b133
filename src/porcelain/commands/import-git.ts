import type { Context } from '../../cli/context.ts'
import { defineCommand, given, usageError } from '../../cli/define-command.ts'
import { hasCode } from '../../core/errors.ts'
import { shortId } from '../../core/id.ts'
import { logIdentity } from '../../plumbing/commands/log-identity.ts'
import type { GitSource } from '../../plumbing/git/run-git.ts'
import { shortBranch } from '../branch.ts'
import { count } from '../change-summary.ts'
import type { ImportProblem } from '../import-git/import-git.ts'
import { importOntoBranch } from '../import-git/import-onto-branch.ts'
import { indexOf } from './changing-options.ts'
import { noteFilesLeft, whileMoving } from './moving.ts'
import { parseColumns, readingOf, readingOptions } from './reading-options.ts'

/** Files that are named one by one; the rest is counted. */
const SHOWN_PROBLEMS = 20

export const importGitCommand = defineCommand({
  name: 'git',
  usage: 'git [<options>] <repository>',
  summary: "Make commits of the tables in a git repository's history",
  description: [
    'Each commit of git that changes a table becomes a commit here, with its author, committer, dates,',
    'message and parents. A file is a table by its ending, as for add, and its series is called like the',
    'file. Commits that change no table are left out.',
    '',
    'Run again with the same options, it imports what is new; interrupted, it goes on where it was. The',
    'ref refs/imports/git/… remembers what was imported. The branch only ever moves on: where it has other',
    'commits, as those of an import with other options, --branch takes another one.',
    '',
    'A file that cannot be read at some commit is named with the reason; its series stays as it was',
    'before. Another header, or dates written otherwise, is followed: the series gets the schema of the',
    'table as it is then. Where the first column does not tell the rows of a new series apart, further',
    'columns become part of its index, and where none does, equal keys are allowed.',
    '',
    'A shallow clone lacks history that could not be imported later, and is refused.',
    '',
    'Nothing of the git repository is run: no hook, filter, or program that its configuration names.',
  ].join('\n'),
  examples: [
    { command: 'varve import git ../oil-prices', about: 'all tables there, on this branch' },
    {
      command: 'varve import git ../covid --path data --into covid/ --branch covid',
      about: 'one folder, in a collection, on a branch of its own',
    },
    { command: 'varve import git ../prices --rev origin/main', about: 'what was fetched there' },
  ],
  report: true,
  options: (y) =>
    readingOptions(
      y
        .positional('repository', { demandOption: true, complete: 'file' })
        .option('rev', { value: 'rev', describe: "git's revision to import: HEAD unless given" })
        .option('path', { value: 'prefix', describe: 'Only this folder or file of the repository' })
        .option('into', {
          value: 'collection/',
          complete: 'series',
          describe: 'The collection that everything goes to',
        })
        .option('branch', {
          alias: 'b',
          complete: 'branch',
          describe: 'The branch that gets the commits: the one you are on unless given',
        })
        .option('first-parent', {
          type: 'boolean',
          describe: 'Only commits along first parents: what was merged is one commit then',
        })
        .option('index', {
          array: true,
          value: 'columns',
          coerce: parseColumns,
          describe: 'The index columns of new series, where a table has all of them',
        })
        .option('strict', {
          type: 'boolean',
          describe: 'Stop at the first file that cannot be read',
        }),
    ),
  run: async (args, context) => {
    const repo = await context.repository()
    const source = gitSource(context, args.repository)
    const { onNotice: _, ...reading } = readingOf(args, context)
    const progress = context.progress({ label: 'importing', unit: 'commits' })
    const problems: ImportProblem[] = []
    let total = 0
    let done = 0
    try {
      const imported = await whileMoving(context, {}, async (files) =>
        importOntoBranch(repo, source, {
          ...files,
          ...given({
            revision: args.rev,
            path: args.path,
            into: args.into,
            branch: args.branch,
            index: indexOf(args.index),
          }),
          firstParent: args.firstParent,
          strict: args.strict,
          reading,
          who: await logIdentity(context),
          onTotal: (commits) => {
            total = commits
            progress.total(commits)
          },
          onCommit: () => {
            done++
            progress.add(1)
          },
          onProblem: (problem) => {
            problems.push(problem)
          },
        }),
      )
      progress.done()
      noteFilesLeft(context, imported.files)
      if (!context.json) noteProblems(context, problems)
      return { ...imported, reports: problems }
    } catch (error) {
      progress.done()
      if (done > 0 && (hasCode(error, 'interrupted') || args.strict)) {
        const [some, all] = [done, total].map((count) => count.toLocaleString('en-US'))
        context.note(`${some} of ${all} commits are imported: the same command goes on from there`)
      }
      throw error
    } finally {
      progress.done()
    }
  },
  toText: ({ tip, branch, read, made, tables }) => {
    const at = `${shortBranch(branch)} is at ${shortId(tip)}`
    if (read === 0) return `nothing new: ${at}`
    const versions = `${count(tables, 'version')} of tables`
    const others = (read - made).toLocaleString('en-US')
    return `${count(made, 'commit')} from ${versions}; left out ${others} that change no table; ${at}`
  },
  toJson: ({ tip, git, branch, old, ref, read, made, tables, reports, files }) => ({
    ...{ tip, git, branch, old: old ?? null, ref, read, made, tables },
    files: { written: files.written.length, removed: files.removed.length },
    problems: reports,
  }),
})

function gitSource(context: Context, repository: string): GitSource {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(repository) || /^[\w.-]+@[\w.-]+:/.test(repository)) {
    throw usageError(
      `${repository} is not a folder here`,
      `git clone --bare ${repository} first, and import the clone`,
    )
  }
  const env: Record<string, string> = {}
  for (const name of ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'SystemRoot', 'TMPDIR']) {
    const value = context.env(name)
    if (value !== undefined) env[name] = value
  }
  return { folder: context.resolve(repository), env, signal: context.abort }
}

function noteProblems(context: Context, problems: readonly ImportProblem[]): void {
  for (const { commit, file, line, reason, instead } of problems.slice(0, SHOWN_PROBLEMS)) {
    const place = line === undefined ? '' : `:${line}`
    const then = instead === 'absent' ? 'left out' : 'the series stays as it was'
    context.note(`${commit.slice(0, 10)} ${file}${place}: ${reason}: ${then}`)
  }
  const more = problems.length - SHOWN_PROBLEMS
  if (more > 0) context.note(`… and ${more.toLocaleString('en-US')} more: --json lists all`)
}

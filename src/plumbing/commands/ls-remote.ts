import { defineCommand } from '../../cli/define-command.ts'
import { lsRemote } from '../ls-remote.ts'

export const lsRemoteCommand = defineCommand({
  name: 'ls-remote',
  summary: 'List the refs of another repository',
  description: [
    'REMOTE is a URL, a path, the file of a bundle, or the name of a remote; without it, the remote that varve fetch',
    'brings from is meant. Prints id and name of each ref, a tab between, HEAD for the default branch first. An annotated',
    'tag has a second line, its name with `^{}`, for the commit that it leads to.',
    'Nothing is fetched. The exit code is 1 with --exit-code where no ref fits.',
  ].join('\n'),
  examples: [
    { command: 'varve ls-remote origin', about: 'what is there now' },
    { command: 'varve ls-remote --heads ssh://host/data/prices', about: 'without a clone' },
  ],
  options: (y) =>
    y
      .positional('remote', {
        describe: 'Where the other repository is',
        complete: 'file',
      })
      .positional('name', { array: true, describe: 'Only refs of this name: main, v1' })
      .option('heads', { type: 'boolean', describe: 'Only branches' })
      .option('tags', { type: 'boolean', describe: 'Only tags' })
      .option('upload-pack', {
        value: 'command',
        describe: 'What to run there over ssh in place of varve upload-pack',
      })
      .option('exit-code', { type: 'boolean', describe: 'Exit with 1 where no ref fits' }),
  run: async function* ({ remote, name, heads, tags, uploadPack, exitCode }, context) {
    const repo = await context.optionalRepository()
    const { connect, abort: signal } = context
    let count = 0
    const options = { remote, connect, uploadPack, heads, tags, names: name, signal }
    for await (const ref of lsRemote(repo, options)) {
      count++
      yield ref
    }
    if (exitCode && count === 0) context.answerNo()
  },
  toText: ({ ref, id, peeled }) =>
    peeled === undefined ? `${id}\t${ref}` : `${id}\t${ref}\n${peeled}\t${ref}^{}`,
})

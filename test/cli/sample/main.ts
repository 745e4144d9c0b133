import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command, commandTable } from '../../../src/cli/command-table.ts'
import { type Command, defineCommand } from '../../../src/cli/define-command.ts'
import { runCommandLine } from '../../../src/cli/frame.ts'
import { hostOfProcess } from '../../../src/cli/host.ts'
import { VarveError } from '../../../src/core/errors.ts'

// Commands that show one behaviour of the frame each.
const samples: Command[] = [
  defineCommand({
    name: 'count',
    summary: 'Print numbers until told to stop',
    options: (y) =>
      y.option('to', { type: 'number', default: Number.MAX_SAFE_INTEGER, describe: 'last' }),
    run: async function* ({ to }, context) {
      try {
        for (let number = 1; number <= to; number++) yield { number }
      } finally {
        await writeFile(join(context.cwd, 'stopped'), '')
      }
    },
    toText: ({ number }, style) => style.red(String(number)),
    pager: true,
  }),
  defineCommand({
    name: 'wait',
    summary: 'Wait to be interrupted, then clean up',
    run: async (_, context) => {
      process.stderr.write('waiting\n')
      const timer = setInterval(() => undefined, 1000)
      await new Promise((resolve) => context.abort.addEventListener('abort', resolve))
      await writeFile(join(context.cwd, 'cleaned'), '')
      clearInterval(timer)
      throw context.abort.reason
    },
  }),
  defineCommand({
    name: 'stubborn',
    summary: 'Never stop',
    run: () => {
      process.stderr.write('waiting\n')
      setInterval(() => undefined, 1000)
      return new Promise(() => undefined)
    },
  }),
  defineCommand({
    name: 'read-stdin',
    summary: 'Count the bytes of standard input',
    run: async (_, context) => {
      process.stderr.write('waiting\n')
      let bytes = 0
      for await (const piece of context.stdin) bytes += piece.length
      return { bytes }
    },
  }),
  defineCommand({
    name: 'refuse',
    summary: 'Fail on purpose',
    run: () => {
      throw new VarveError('refused', 'no \x1b[31mway', { hint: 'try that', data: { rows: 3n } })
    },
  }),
  defineCommand({
    name: 'notes',
    summary: 'Say things that are not the answer',
    run: (_, context) => {
      context.note('a\x1b[31mb')
      context.warn('a\x1b[31mb', 'a\x1b[31mb')
    },
  }),
  defineCommand({
    name: 'bug',
    summary: 'Fail by mistake',
    run: () => {
      throw new TypeError('x is not a function')
    },
  }),
  defineCommand({
    name: 'crash',
    summary: 'Fail by mistake, where nobody waits for it',
    run: () => {
      setTimeout(() => {
        throw new TypeError('y is not a function')
      })
      return new Promise(() => undefined)
    },
  }),
  defineCommand({
    name: 'no',
    summary: 'Answer no',
    run: (_, context) => {
      context.note('a note')
      context.warn('a warning', 'a hint')
      context.answerNo()
      return { answer: 'no' }
    },
    toText: ({ answer }) => answer,
    report: true,
  }),
  defineCommand({
    name: 'hostile',
    summary: 'Print data with escape sequences',
    options: (y) => y.option('raw', { type: 'boolean', describe: 'as data' }),
    run: () => ({
      text: 'a\x1b[31mb\x07\tc\u202ed\nsecond',
      big: 2n ** 63n,
      at: new Map([['k', 1]]),
    }),
    toText: ({ text }, style) => style.bold(text),
    raw: ({ raw }) => raw,
  }),
  defineCommand({
    name: 'bytes',
    summary: 'Print bytes',
    run: async function* () {
      yield Uint8Array.of(0, 255, 27, 10)
    },
  }),
  defineCommand({
    name: 'who',
    summary: 'Print who commits',
    run: (_, context) => context.identity('committer'),
  }),
  defineCommand({
    name: 'where',
    summary: 'Print the folder and the repository',
    run: async (_, context) => ({
      cwd: context.cwd,
      repository: (await context.repository()).storage.location,
    }),
  }),
  defineCommand({
    name: 'switch',
    summary: 'Have a -c of its own',
    options: (y) => y.option('create', { alias: 'c', describe: 'a name' }),
    run: async ({ create }, context) => ({
      create,
      name: (await context.config()).get('user.name'),
    }),
  }),
  defineCommand({
    name: 'edit',
    summary: 'Edit a text',
    run: (_, context) => context.edit('before\n', 'MESSAGE'),
  }),
]

const table = commandTable(
  samples.map((sample) => command('about', sample.name, sample.summary, async () => sample)),
)
process.exit(await runCommandLine(hostOfProcess(), table))

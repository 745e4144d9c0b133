import { defineCommand } from '../../cli/define-command.ts'
import { hasCode } from '../../core/errors.ts'
import { setSymbolicRef, symbolicRef } from '../symbolic-ref.ts'
import { logIdentity } from './log-identity.ts'

export const symbolicRefCommand = defineCommand({
  name: 'symbolic-ref',
  usage: ['symbolic-ref [--short] HEAD', 'symbolic-ref [-m <reason>] HEAD <ref>'],
  summary: 'Read or set which branch HEAD is on',
  description: [
    'Setting it touches neither the index nor files: switch does that. With --quiet a detached HEAD',
    'is no error, but the exit code is 1.',
  ].join('\n'),
  examples: [{ command: 'varve symbolic-ref --short HEAD', about: 'the name of the branch' }],
  options: (y) =>
    y
      .positional('name', { demandOption: true, describe: 'HEAD: no other ref is symbolic' })
      .positional('ref', { describe: 'The full name of a branch', complete: 'branch' })
      .option('short', { type: 'boolean', describe: 'Print the name without refs/heads/' })
      .option('m', { value: 'reason', describe: 'What the ref log says about it' }),
  run: async ({ name, ref, m: message }, context) => {
    const repo = await context.repository()
    if (ref !== undefined) {
      const who = await logIdentity(context)
      const set = await setSymbolicRef(repo, {
        name,
        target: ref,
        who,
        ...(message !== undefined && { message }),
      })
      return { ...set, set: true }
    }
    try {
      return { ...(await symbolicRef(repo, { name })), set: false }
    } catch (error) {
      if (!context.quiet || !hasCode(error, 'ref-not-found')) throw error
      context.answerNo()
      return undefined
    }
  },
  toText: (found, _style, { short }) => {
    if (found === undefined || found.set) return ''
    return short ? found.ref.replace(/^refs\/heads\//, '') : found.ref
  },
  toJson: (found) => (found === undefined ? { ref: null } : { ref: found.ref }),
})

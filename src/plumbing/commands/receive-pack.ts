import { defineCommand } from '../../cli/define-command.ts'
import { runService, serveOptions } from './serve-command.ts'

export const receivePackCommand = defineCommand({
  name: 'receive-pack',
  usage: [
    'receive-pack [--root <dir>] [--read-only] <directory>',
    'receive-pack --forced [--root <dir>] [--read-only]',
  ],
  summary: 'Take what somebody pushes, over standard input and output',
  description: [
    'What `push` runs on the other side of ssh. What comes is looked through whole before a ref moves: the id of every object, that',
    'nothing is missing, that everything has the one form that it can have, dates. Refs move in one entry of the ref log, under the',
    'name of this account.',
    '',
    'receive.denyNonFastForwards, .denyDeletes, .denyDeleteCurrent, .denyCurrentBranch and .maxInputSize in the configuration of the',
    'repository say what is refused. --read-only refuses all.',
    '',
    'With --root it serves nothing outside of a folder. With --forced it does what the client asked ssh for, fetching too:',
    'the path comes from SSH_ORIGINAL_COMMAND, as sshd sets it for a forced command.',
  ].join('\n'),
  examples: [
    { command: 'varve receive-pack /srv/varve/prices.varve', about: 'what ssh runs for a push' },
    {
      command: 'varve receive-pack --forced --root /srv/varve',
      about: 'in authorized_keys, as command="…",restrict: this key may fetch and push',
    },
  ],
  options: (y) =>
    serveOptions(y).option('read-only', { type: 'boolean', describe: 'Refuse every push' }),
  run: (args, context) => runService('receive-pack', args, context),
  toText: () => '',
  toJson: () => undefined,
})

import { defineCommand } from '../../cli/define-command.ts'
import { runService, serveOptions } from './serve-command.ts'

export const uploadPackCommand = defineCommand({
  name: 'upload-pack',
  usage: ['upload-pack [--root <dir>] <directory>', 'upload-pack --forced [--root <dir>]'],
  summary: 'Give objects to whoever fetches, over standard input and output',
  description: [
    'What `fetch` and `clone` run on the other side of ssh. It speaks the protocol of docs/protocol/wire.md on standard',
    'input and output, until standard input ends; errors are answers of the protocol.',
    '',
    'With --root it serves nothing outside of a folder: the path is taken from there, and links out of it are not followed.',
    'With --forced the path comes from SSH_ORIGINAL_COMMAND, as sshd sets it for a forced command.',
  ].join('\n'),
  examples: [
    { command: 'varve upload-pack /srv/varve/prices', about: 'what ssh runs for a fetch' },
    {
      command: 'varve upload-pack --forced --root /srv/varve',
      about: 'in authorized_keys, as command="…",restrict: this key may fetch',
    },
  ],
  options: serveOptions,
  run: (args, context) => runService('upload-pack', { ...args, readOnly: true }, context),
  toText: () => '',
  toJson: () => undefined,
})

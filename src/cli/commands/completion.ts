import { completionScripts } from '../completion-scripts.ts'
import { defineCommand } from '../define-command.ts'

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'Print the completion script of a shell',
  description:
    'The script asks varve itself what fits: commands, options, branches, tags, series. ' +
    'Load it where your shell starts.',
  examples: [
    { command: 'source <(varve completion bash)', about: 'in ~/.bashrc' },
    { command: 'source <(varve completion zsh)', about: 'in ~/.zshrc, after compinit' },
    { command: 'varve completion fish | source', about: 'in ~/.config/fish/config.fish' },
  ],
  options: (y) =>
    y.positional('shell', {
      demandOption: true,
      choices: ['bash', 'zsh', 'fish'],
      describe: 'bash, zsh or fish',
    }),
  run: ({ shell }) => ({ shell, script: completionScripts.get(shell)! }),
  toText: ({ script }) => script,
  raw: true,
})

import { defineCommand } from '../define-command.ts'
import { VERSION } from '../version.ts'

export const versionCommand = defineCommand({
  name: 'version',
  summary: 'Show the version',
  options: (y) =>
    y.option('build-options', {
      type: 'boolean',
      describe: 'Also show what varve runs on, for bug reports',
    }),
  run: ({ buildOptions }) => ({
    version: VERSION,
    ...(buildOptions
      ? { node: process.versions.node, platform: process.platform, cpu: process.arch }
      : {}),
  }),
  toText: ({ version, ...rest }) =>
    [`varve ${version}`, ...Object.entries(rest).map(([key, value]) => `${key}: ${value}`)].join(
      '\n',
    ),
})

import { defineCommand } from '../../cli/define-command.ts'
import { type CountObjectsResult, countObjects, type PackCount } from '../count-objects.ts'

export const countObjectsCommand = defineCommand({
  name: 'count-objects',
  summary: 'Count the objects and what they take on disk',
  description: [
    'Staged packs are those that no commit needs yet: what is in the index, and what a stopped',
    'command left behind. With -v also a line for each kind: how many objects, the length of their',
    'canonical bytes, and what they take in the packs. Sizes are in KiB, but those by kind in bytes.',
  ].join('\n'),
  options: (y) =>
    y
      .option('v', { alias: 'verbose', type: 'boolean', describe: 'Print all there is to count' })
      .option('H', {
        alias: 'human-readable',
        type: 'boolean',
        describe: 'Print sizes with units',
      }),
  run: async ({ v }, context) => countObjects(await context.repository(), { kinds: v }),
  toText: (result, _style, { v, H: human }) => {
    const size = human ? humanSize : (bytes: number) => String(Math.ceil(bytes / 1024))
    return v ? verbose(result, human, size) : brief(result, human, size)
  },
  toJson: ({ published, staged, kinds }) => ({
    published,
    staged,
    ...(kinds === undefined ? {} : { kinds: Object.fromEntries(kinds) }),
  }),
})

type SizeText = (bytes: number) => string

function brief({ published, staged }: CountObjectsResult, human: boolean, size: SizeText): string {
  const bytes = size(published.size + staged.size)
  return `${published.objects + staged.objects} objects, ${bytes}${human ? '' : ' kilobytes'}`
}

function verbose(
  { published, staged, kinds }: CountObjectsResult,
  human: boolean,
  size: SizeText,
): string {
  const packs = (name: string, count: PackCount) => [
    `${name}packs: ${count.packs}`,
    `${name}objects: ${count.objects}`,
    `${name}size: ${size(count.size)}`,
  ]
  const bytes = human ? humanSize : (count: number) => `${count} bytes`
  const byKind = [...(kinds ?? [])].map(
    ([kind, { objects, length, stored }]) =>
      `${kind}: ${objects} objects, ${bytes(length)}, in packs ${bytes(stored)}`,
  )
  return [...packs('', published), ...packs('staged-', staged), ...byKind].join('\n')
}

function humanSize(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 ? value : value.toFixed(2)} ${units[unit]}`
}

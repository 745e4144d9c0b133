import { defineCommand } from '../../cli/define-command.ts'
import { VarveError } from '../../core/errors.ts'
import type { PackedObject } from '../verify-pack.ts'
import { verifyPack } from '../verify-pack.ts'

export const verifyPackCommand = defineCommand({
  name: 'verify-pack',
  summary: 'Check packs, and list what is in them',
  description: [
    'Checks the hash of the file, the index, and every record: its checksum, its encoding, and the',
    'SHA-256 of the object. PACK is the path of its file, its name, or the first four digits or more of',
    'that. Prints nothing where all is well; the exit code is 7 where something is wrong.',
    '',
    'With -v a line for each object, in the order of the file: id, kind, length of the canonical bytes,',
    'bytes in the pack; for one that is stored as a difference also its depth and the id of its base.',
  ].join('\n'),
  examples: [
    { command: 'varve verify-pack .varve/packs/*.pack', about: 'are all of them whole?' },
    { command: 'varve verify-pack -v 3f2a', about: 'what is in the pack 3f2a…?' },
  ],
  options: (y) =>
    y
      .positional('pack', {
        array: true,
        demandOption: true,
        describe: 'A pack of the repository',
      })
      .option('v', { alias: 'verbose', type: 'boolean', describe: 'List the objects too' }),
  run: async function* ({ pack: packs, v }, context) {
    const repo = await context.uncheckedRepository()
    let faults = 0
    for (const pack of packs) {
      for await (const item of verifyPack(repo, { pack, objects: v, signal: context.abort })) {
        if (item.kind === 'pack') faults += item.faults
        yield item
      }
    }
    if (faults === 0) return
    throw new VarveError('corrupt-pack', 'not all packs are as they were written', {
      data: { faults },
      hint: 'varve fsck says what of the repository is in them',
    })
  },
  toText: (item, style, { v }) => {
    if (item.kind === 'object') return objectText(item)
    if (item.kind === 'fault') return `${style.red(item.code)} ${item.message}`
    const verdict = item.faults === 0 ? 'ok' : 'bad'
    return v || item.faults > 0 ? `${item.pack}: ${verdict}` : ''
  },
})

function objectText({ id, type, length, stored, depth, base }: PackedObject): string {
  const made = base === undefined ? '' : ` ${depth} ${base}`
  return `${id} ${type} ${length} ${stored}${made}`
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VarveError } from '../core/errors.ts'
import type { Config } from './config.ts'

/** Opens text in $VARVE_EDITOR, core.editor, $VISUAL, $EDITOR or vi; returns what was saved. */
export async function editText(
  text: string,
  options: {
    readonly fileName: string
    readonly env: (name: string) => string | undefined
    readonly config: Config
  },
): Promise<string> {
  const { env, config, fileName } = options
  const editor =
    env('VARVE_EDITOR') ?? config.get('core.editor') ?? env('VISUAL') ?? env('EDITOR') ?? 'vi'
  const folder = await mkdtemp(join(tmpdir(), 'varve-'))
  const file = join(folder, fileName)
  try {
    await writeFile(file, text)
    const { execa } = await import('execa')
    // As git does: the setting is a shell command, and the file's path is its last argument.
    const result = await execa('/bin/sh', ['-c', `${editor} "$@"`, editor, file], {
      stdio: 'inherit',
      reject: false,
    })
    if (result.failed) {
      throw new VarveError('refused', `the editor ended with an error: ${editor}`, {
        hint: 'give the message with -m, or set core.editor',
      })
    }
    return await readFile(file, 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

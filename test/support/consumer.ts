import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { execa } from 'execa'

const root = resolve(import.meta.dirname, '../..')
const tsc = join(root, 'node_modules/typescript/bin/tsc')

/** Programs by the names of their files, without endings. */
export type Programs = ReadonlyMap<string, string>

const run = (command: string, args: readonly string[], cwd: string) =>
  execa(command, args, { cwd, all: true })

/**
 * Packs varve as npm would publish it; returns the path of the file. Of its types, which are checked
 * elsewhere, it has them where they are asked for.
 */
export async function packVarve(folder: string, { types = false } = {}): Promise<string> {
  // A build of its own: the one that other tests use may be replaced meanwhile.
  const source = join(folder, 'source')
  const dist = join(source, 'dist')
  mkdirSync(source)
  for (const name of ['package.json', 'bin'])
    cpSync(join(root, name), join(source, name), { recursive: true })
  await run('node', ['scripts/build.js', dist], root)
  const options = ['--project', 'tsconfig.types.json', '--noCheck', '--outDir', join(dist, 'types')]
  if (types) await run('node', [tsc, ...options], root)
  const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const packed = await execa('npm', packing, { cwd: source })
  const [{ filename }] = JSON.parse(packed.stdout)
  return join(folder, filename)
}

/**
 * A project in `folder` that has varve installed, as npm would publish it, beside what it depends
 * on. Its programs are compiled as strictly as TypeScript can. Throws with what the compiler says.
 */
export async function compileAgainstPackage(folder: string, programs: Programs): Promise<void> {
  const filename = await packVarve(folder, { types: true })
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'varve'), { recursive: true })
  const unpacked = join(modules, 'varve')
  await run('tar', ['-xzf', filename, '-C', unpacked, '--strip-components', '1'], folder)
  const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'))
  const needed = { ...manifest.dependencies, ...manifest.optionalDependencies }
  for (const name of [...Object.keys(needed), '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*.ts'] }),
  )
  for (const [name, text] of programs) writeFileSync(join(folder, `${name}.ts`), text)
  const { all, exitCode } = await execa('node', [tsc], { cwd: folder, all: true, reject: false })
  if (exitCode !== 0) throw new Error(`it does not compile:\n${all}`)
}

const compilerOptions = {
  target: 'es2022',
  lib: ['es2022'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  verbatimModuleSyntax: true,
}

/** What a compiled program prints. */
export async function runProgram(folder: string, name: string): Promise<string> {
  const { stdout } = await execa('node', [`${name}.js`], {
    cwd: folder,
    env: { NO_COLOR: '1', TZ: 'Pacific/Auckland' },
    stripFinalNewline: false,
  })
  return stdout
}

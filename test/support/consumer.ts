import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { execa } from 'execa'

const root = resolve(import.meta.dirname, '../..')

/** Programs by the names of their files, without endings. */
export type Programs = ReadonlyMap<string, string>

/**
 * A project in `folder` that has varve installed, as npm would publish it, beside what it depends
 * on. Its programs are compiled as strictly as TypeScript can. Throws with what the compiler says.
 */
export async function compileAgainstPackage(folder: string, programs: Programs): Promise<void> {
  const run = (command: string, args: readonly string[], cwd: string) =>
    execa(command, args, { cwd, all: true })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  // A build of its own: the one that other tests use may be replaced meanwhile.
  const source = join(folder, 'source')
  const dist = join(source, 'dist')
  mkdirSync(source)
  for (const name of ['package.json', 'bin'])
    cpSync(join(root, name), join(source, name), { recursive: true })
  await run('node', ['scripts/build.js', dist], root)
  // That the types are right is checked elsewhere.
  const types = ['--project', 'tsconfig.types.json', '--noCheck', '--outDir', join(dist, 'types')]
  await run('node', [tsc, ...types], root)
  const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const packed = await execa('npm', packing, { cwd: source })
  const [{ filename }] = JSON.parse(packed.stdout)
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'varve'), { recursive: true })
  mkdirSync(join(modules, '@types'))
  const unpacked = join(modules, 'varve')
  await run('tar', ['-xzf', filename, '-C', unpacked, '--strip-components', '1'], folder)
  const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'))
  const needed = { ...manifest.dependencies, ...manifest.optionalDependencies }
  for (const name of [...Object.keys(needed), '@types/node']) {
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

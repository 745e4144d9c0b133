// Compiles kernels/ (AssemblyScript) into src/core/encoding/kernel-bytes.ts. The result is kept with
// the sources, so that only who changes the kernels needs the compiler; a test holds the two together,
// by --check, which fails where they differ.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = 'src/core/encoding/kernel-bytes.ts'

/** The module's source text in TypeScript. */
async function compileKernels() {
  const files = new Map()
  const { error, stderr } = await main(
    [
      'kernels/index.ts',
      '--baseDir',
      root,
      '--outFile',
      'kernels.wasm',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--noAssert',
      '-O3',
    ],
    { writeFile: (name, contents) => void files.set(name, contents) },
  )
  if (error) throw new Error(`the kernels do not compile:\n${stderr.toString()}`)
  const text = Buffer.from(files.get('kernels.wasm')).toString('base64')
  const lines = text.match(/.{1,96}/g).map((line) => `  '${line}'`)
  return [
    '/** The WebAssembly module of kernels/, in base64: made by `npm run kernels`, not by hand. */',
    'export const KERNELS_BASE64 =',
    `${lines.join(' +\n')}`,
    '',
  ].join('\n')
}

const made = await compileKernels()
if (process.argv[2] !== '--check') writeFileSync(root + target, made)
else if (readFileSync(root + target, 'utf8') !== made) {
  throw new Error(`${target} is not what kernels/ compiles to: npm run kernels`)
}

import { setEngineFlags } from './cli/engine-flags.ts'
import { commandIn, loadProgram } from './cli/load-program.ts'
import { VERSION } from './cli/version.ts'

/** The file name of the chunk that the program begins with; the build puts it in. */
declare const VARVE_PROGRAM: string

const given = process.argv.slice(2)
const [first, second] = given

// Asked for often and by scripts: answered without loading the program.
if (second === undefined && (first === 'version' || first === '--version' || first === '-v')) {
  process.stdout.write(`varve ${VERSION}\n`)
} else {
  // Before anything is compiled: code that was compiled under other flags is not taken.
  setEngineFlags(commandIn(given))
  const program = loadProgram(__dirname, VARVE_PROGRAM, require) as typeof import('./program.ts')
  void program.run()
}

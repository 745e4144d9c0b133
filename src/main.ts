import { hostOfProcess } from './cli/host.ts'
import { VERSION } from './cli/version.ts'

const host = hostOfProcess()
const [first, second] = host.argv

// Asked for often and by scripts: answered without loading the frame.
if (second === undefined && (first === 'version' || first === '--version' || first === '-v')) {
  host.stdout.write(`varve ${VERSION}\n`)
} else {
  const [{ runCommandLine }, { commands }] = await Promise.all([
    import('./cli/frame.ts'),
    import('./commands.ts'),
  ])
  const exitCode = await runCommandLine(host, commands)
  // An open standard input or a pending timer must not keep the process.
  process.exit(exitCode)
}

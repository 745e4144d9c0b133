// Loaded into the built program with --import: counts its changes to the file system and lets
// something happen at one of them. VARVE_TEST_FAULT is `count`, or a kind and a number:
// `interrupt:3` (Ctrl-C before the third change), `kill:3`, or `full:3` (from then on no space).
import fs from 'node:fs'

const [kind, number] = (process.env.VARVE_TEST_FAULT ?? 'count').split(':')
let count = 0

/** Returns the error that the change is to fail with. */
function before(takesSpace, path) {
  if (!takesSpace && kind === 'full') return undefined
  count++
  if (kind === 'full' && count >= Number(number)) {
    const error = new Error(`ENOSPC: no space left on device, '${path}'`)
    return Object.assign(error, { code: 'ENOSPC', errno: -28, syscall: 'write' })
  }
  if (count === Number(number)) {
    if (kind === 'interrupt') process.kill(process.pid, 'SIGINT')
    if (kind === 'kill') process.kill(process.pid, 'SIGKILL')
  }
  return undefined
}

const changes = (flags) => typeof flags === 'string' && flags !== 'r'
/** What a command says is written to what it was started with: it is on no disk. */
const isFile = (fd) => fd > 2

function wrapSync(name, takesSpace, applies = () => true) {
  const original = fs[name]
  fs[name] = (...args) => {
    const error = applies(args) ? before(takesSpace, args[0]) : undefined
    if (error !== undefined) throw error
    return original.apply(fs, args)
  }
}

function wrapCallback(name, takesSpace) {
  const original = fs[name]
  fs[name] = (...args) => {
    const error = before(takesSpace, args[0])
    if (error === undefined) original.apply(fs, args)
    else setImmediate(args.at(-1), error)
  }
}

function wrapPromise(name, takesSpace, applies = () => true) {
  const original = fs.promises[name]
  fs.promises[name] = async (...args) => {
    const error = applies(args) ? before(takesSpace, args[0]) : undefined
    if (error !== undefined) throw error
    return original.apply(fs.promises, args)
  }
}

wrapSync('openSync', true, ([, flags]) => changes(flags))
for (const name of ['mkdirSync', 'linkSync', 'copyFileSync']) wrapSync(name, true)
for (const name of ['unlinkSync', 'renameSync', 'rmdirSync', 'rmSync', 'chmodSync'])
  wrapSync(name, false)
wrapSync('writeSync', true, ([fd]) => isFile(fd))
wrapCallback('write', true)
wrapCallback('fsync', false)
wrapPromise('open', true, ([, flags]) => changes(flags))
for (const name of ['link', 'mkdir', 'copyFile']) wrapPromise(name, true)
for (const name of ['rename', 'unlink']) wrapPromise(name, false)

const report = process.env.VARVE_TEST_REPORT
if (report !== undefined) process.on('exit', () => fs.writeFileSync(report, String(count)))

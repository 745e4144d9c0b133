// Loaded by `NODE_OPTIONS=--require` into the program and its threads: counts the threads that are
// started, and lets them die where a test asks for it.
const { appendFileSync } = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')
const threads = require('node:worker_threads')

const { THREAD_LOG, THREAD_DEATH } = process.env

if (threads.isMainThread) {
  const { Worker } = threads
  threads.Worker = class extends Worker {
    constructor(...args) {
      super(...args)
      if (THREAD_LOG) appendFileSync(THREAD_LOG, 'started\n')
      // Time for it to be ready, so that it takes part whatever else the machine does.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
      process.emit('thread-started')
    }
  }
  syncBuiltinESMExports()
} else if (THREAD_DEATH) {
  const port = threads.workerData
  let orders = 0
  port.on('message', () => {
    orders += 1
    if (orders < 5) return
    if (THREAD_DEATH === 'exit') process.exit(3)
    throw new Error('it was asked to die')
  })
}

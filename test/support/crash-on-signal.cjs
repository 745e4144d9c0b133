// Loaded before a program (NODE_OPTIONS): SIGUSR2 is a bug in it.
process.on('SIGUSR2', () => {
  throw new Error('made to fail')
})

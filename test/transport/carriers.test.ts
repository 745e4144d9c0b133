import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { assembleRepository } from '../../src/plumbing/repository.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import type { Carrier, Service } from '../../src/transport/carrier.ts'
import { openDuplexCarrier } from '../../src/transport/duplex-carrier.ts'
import { openLocalCarrier } from '../../src/transport/local-carrier.ts'
import { describeCarrier } from '../contract/carrier.ts'
import { effort } from '../support/effort.ts'
import { PROGRAM, someone } from '../support/program.ts'
import { ann } from '../support/repositories.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { emptyRepository, served } from '../support/transfer.ts'

async function bareFolder() {
  const folder = join(temporaryFolder(), 'a.varve')
  initRepositoryFolder(folder)
  const storage = openFileSystemStorage(folder)
  await initRepository({ storage, who: ann(0) })
  return { folder, open: () => assembleRepository({ storage: openFileSystemStorage(folder) }) }
}

/** The built program over its standard input and output, as ssh runs it. */
function processCarrier(folder: string): Carrier {
  return openDuplexCarrier({
    location: folder,
    connect: async (service: Service) => {
      const child = spawn(process.execPath, [PROGRAM, service, folder], {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: someone,
      })
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      return {
        readable: child.stdout,
        writable: child.stdin,
        close: async () => {
          child.stdin.end()
          // Whoever read before has left a listener: `resume` would do nothing, and the rest would keep the process.
          const drop = (): void => {
            while (child.stdout.read() !== null);
          }
          child.stdout.on('readable', drop)
          drop()
          await exited
        },
      }
    },
  })
}

describeCarrier('memory', {
  serve: async () => {
    const repo = await emptyRepository()
    return { repo, open: async () => openLocalCarrier(served(repo)) }
  },
  commitsEach: effort({ quick: 1, usual: 2, nightly: 25 }),
  everyCut: effort({ quick: 9, usual: 3, nightly: 1 }),
})

describeCarrier('local', {
  serve: async () => {
    const { open } = await bareFolder()
    const carry = async (): Promise<Carrier> => {
      const repo = open()
      return openLocalCarrier(served(repo), { close: () => repo.storage.close() })
    }
    return { repo: open(), open: carry }
  },
  commitsEach: effort({ quick: 1, usual: 1, nightly: 25 }),
  everyCut: effort({ quick: 9, usual: 9, nightly: 1 }),
})

describeCarrier('process', {
  serve: async () => {
    const { folder, open } = await bareFolder()
    return { repo: open(), open: async () => processCarrier(folder) }
  },
  commitsEach: effort({ quick: 1, usual: 1, nightly: 25 }),
  everyCut: effort({ quick: 12, usual: 12, nightly: 1 }),
})

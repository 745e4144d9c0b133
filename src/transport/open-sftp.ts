import type { SFTPWrapper } from 'ssh2'
import { VarveError } from '../core/errors.ts'
import { escapeControl } from '../core/names.ts'
import type { FarStorage } from '../storage/far-files.ts'
import { openSftpStorage } from '../storage/sftp-storage.ts'
import { formatRemoteUrl, type SshUrl } from './remote-url.ts'
import { connectBuiltIn } from './ssh-builtin.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * The storage in a folder of an account elsewhere, where varve need not be: by the built-in ssh client. Closing it ends the
 * connection.
 */
export async function openSftp(url: SshUrl, surroundings: Surroundings): Promise<FarStorage> {
  const connection = await connectBuiltIn(url, surroundings)
  const location = formatRemoteUrl(url)
  // What is asked for after the connection broke fails by itself.
  connection.client.on('error', () => undefined)
  try {
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      connection.client.sftp((error, opened) => (error ? reject(error) : resolve(opened)))
    })
    return openSftpStorage(sftp, {
      location: `${location}/`,
      // Relative ones begin at the home folder, as the server has it.
      folder: url.path.replace(/^~\//, '').replace(/(?<=.)\/+$/, ''),
      close: () => connection.close(),
    })
  } catch (error) {
    connection.close()
    const said = escapeControl((error as Error).message)
    throw new VarveError('refused', `${url.host} does not offer SFTP: ${said}`, {
      data: { url: location, said },
      hint: 'its sshd needs a line such as "Subsystem sftp internal-sftp"',
      cause: error,
    })
  }
}

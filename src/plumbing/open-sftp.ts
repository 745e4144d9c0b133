export { openSftp } from '../transport/open-sftp.ts'
export type { BucketUrl, SshUrl } from '../transport/remote-url.ts'
export type { Surroundings } from '../transport/surroundings.ts'

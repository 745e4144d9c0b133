import { repositoryFolderAt } from '../storage/repository-folder.ts'

/** The folder with the data of the repository at a path of this machine; undefined where there is none. */
export function repositoryFolderOf(path: string): string | undefined {
  return repositoryFolderAt(path)?.folder
}

import { branchRefName, checkRefName } from '../core/names.ts'

export interface CheckRefFormatOptions {
  readonly name: string
  /** Take it as the short name of a branch. */
  readonly branch?: boolean
  /** Take names without `/`. */
  readonly allowOneLevel?: boolean
  /** Take one `*` in it, as in a refspec. */
  readonly refspecPattern?: boolean
  /** Leave out a `/` at the beginning and all but one of several in a row. */
  readonly normalize?: boolean
}

/** The name, normalised where asked; `invalid-name` with the reason when it cannot name a ref. */
export async function checkRefFormat(options: CheckRefFormatOptions): Promise<{ name: string }> {
  const { branch = false, allowOneLevel = false, refspecPattern = false } = options
  const name = options.normalize
    ? options.name.replace(/^\/+/, '').replace(/\/{2,}/g, '/')
    : options.name
  if (branch) {
    branchRefName(name)
    return { name }
  }
  // A star is checked as if it were a letter: it stands for some.
  checkRefName(refspecPattern ? name.replace('*', 'x') : name, { oneLevel: allowOneLevel })
  return { name }
}

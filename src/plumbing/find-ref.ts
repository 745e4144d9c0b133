import type { Id } from '../core/id.ts'
import { isRefName } from '../core/names.ts'
import type { LogState } from '../storage/log-state.ts'

/** Where a short name may stand for a ref, in the order git looks. */
const PLACES: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => `refs/${name}`,
  (name) => `refs/tags/${name}`,
  (name) => `refs/heads/${name}`,
  (name) => `refs/remotes/${name}`,
  (name) => `refs/remotes/${name}/HEAD`,
]

export interface FoundRef {
  readonly name: string
  readonly id: Id
}

/** All refs that a name, full or short, may mean: the first one is meant. */
export function findRefs(state: LogState, name: string): FoundRef[] {
  const found: FoundRef[] = []
  for (const fullName of candidates(name)) {
    const id = state.refs.get(fullName)
    if (id !== undefined) found.push({ name: fullName, id })
  }
  return found
}

/** The full names that a name may mean, whether or not such refs exist. */
export function candidates(name: string): string[] {
  return PLACES.map((place) => place(name)).filter((fullName) => isRefName(fullName))
}

/** The shortest name that means this ref and no other. */
export function shortenRef(state: LogState, fullName: string): string {
  for (const prefix of ['refs/heads/', 'refs/tags/', 'refs/remotes/', 'refs/']) {
    if (!fullName.startsWith(prefix)) continue
    const short = fullName.slice(prefix.length)
    if (findRefs(state, short)[0]?.name === fullName && findRefs(state, short).length === 1) {
      return short
    }
    if (!state.refs.has(fullName) && findRefs(state, short).length === 0) return short
  }
  return fullName
}

/** Short names of all refs, for saying which one was perhaps meant. */
export function* shortNames(state: LogState): Generator<string> {
  yield 'HEAD'
  for (const name of state.refs.keys()) {
    yield name.replace(/^refs\/(?:heads|tags|remotes)\//, '')
  }
}

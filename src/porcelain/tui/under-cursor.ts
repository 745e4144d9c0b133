import type { Id } from '../../core/id.ts'
import { lifeOf, refsOf } from './looked-up.ts'
import { type State, topView } from './state.ts'
import type { ListedCommit } from './view-data.ts'

/** The commit that a key is about: the one under the cursor, or the one that is looked at. */
export function commitUnder(state: State): ListedCommit | undefined {
  const view = topView(state)
  switch (view.kind) {
    case 'commits':
      return state.commits.get(view.cursor)
    case 'life':
      return lifeOf(state, view)?.value?.entries[view.cursor]?.commit
    case 'refs': {
      const id = idUnder(state)
      return id === undefined ? undefined : state.commits.get(state.commits.indexOf(id))
    }
    case 'help':
      return undefined
    default:
      return view.commit
  }
}

/** Its id, which is known of refs whose commit is not listed, too. */
export function idUnder(state: State): Id | undefined {
  const view = topView(state)
  if (view.kind === 'refs') return refsOf(state)?.value?.[view.cursor]?.id
  return commitUnder(state)?.id
}

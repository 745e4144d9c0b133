import { parseFilter } from './filter-text.ts'
import { refsOf } from './looked-up.ts'
import { outdated } from './outdated.ts'
import { movedTo, placeOf } from './scroll.ts'
import { searched, searchedNext, searchedSoFar } from './search.ts'
import { type Prompt, type State, type Step, type TextPrompt, topView } from './state.ts'
import { commitUnder } from './under-cursor.ts'
import type { Action } from './view-data.ts'

/** Longer than any answer; what is pasted by mistake is not searched for. */
const LONGEST_ANSWER = 500

/** The state with the prompt open by which a command asks what it needs to know. */
export function asked(
  state: State,
  command: 'search' | 'filter' | 'checkout' | 'revert' | 'tag',
): State {
  const open = (prompt: Prompt): State => ({ ...state, prompt })
  const from = placeOf(topView(state)).cursor
  if (command === 'search') return open({ kind: 'search', text: '', from })
  if (command === 'filter') return open({ kind: 'filter', text: state.listing.filterText, from })
  if (state.acting !== undefined) return said(state, 'wait until what was begun is done')
  const commit = commitUnder(state)
  if (command === 'checkout') {
    const target = targetUnder(state)
    if (target === undefined) return state
    return open(
      confirmation(`check out ${target.shown}?`, { kind: 'checkout', target: target.word }),
    )
  }
  if (commit === undefined) return state
  if (command === 'tag') return open({ kind: 'tag', text: '', from, commit })
  return open(
    confirmation(`revert ${commit.short} ${commit.subject}?`, {
      kind: 'revert',
      commit: commit.id,
    }),
  )
}

/** A branch is checked out by its name, so that HEAD is on it. */
function targetUnder(state: State): { word: string; shown: string } | undefined {
  const view = topView(state)
  if (view.kind === 'refs') {
    const name = refsOf(state)?.value?.[view.cursor]?.name
    return name === undefined ? undefined : { word: name, shown: name }
  }
  const commit = commitUnder(state)
  if (commit === undefined) return undefined
  const branch = commit.decorations.find(({ kind }) => kind === 'branch')?.name
  if (branch !== undefined) return { word: branch, shown: branch }
  return { word: commit.id, shown: commit.short }
}

function confirmation(question: string, action: Action): Prompt {
  return { kind: 'confirm', question, action }
}

function said(state: State, text: string): State {
  return { ...state, message: { text, isError: true } }
}

/** The state after a key, where a prompt is open. */
export function promptPressed(state: State, key: string): Step {
  const { prompt } = state
  if (key === 'ctrl-z') return { state, effects: [{ kind: 'suspend' }] }
  if (key === 'ctrl-c') return { state, effects: [{ kind: 'interrupt' }] }
  if (prompt === undefined) return { state, effects: [] }
  return { state: after(state, prompt, key), effects: [] }
}

function after(state: State, prompt: Prompt, key: string): State {
  const closed: State = { ...state, prompt: undefined }
  if (prompt.kind === 'confirm') {
    if (key === 'y' || key === 'Y') return { ...closed, acting: prompt.action }
    return { ...closed, message: { text: 'nothing was done', isError: false } }
  }
  switch (key) {
    case 'esc':
      return prompt.kind === 'search' ? movedTo(closed, prompt.from) : closed
    case 'enter':
      return answered(closed, prompt)
    case 'backspace':
      if (prompt.text === '') return after(state, prompt, 'esc')
      return typed(state, prompt, [...prompt.text].slice(0, -1).join(''))
    case 'ctrl-u':
      return typed(state, prompt, '')
    case 'ctrl-w':
      return typed(state, prompt, prompt.text.replace(/\S*\s*$/, ''))
    case 'space':
      return typed(state, prompt, `${prompt.text} `)
    default:
      // Keys that have names are no text.
      return [...key].length === 1 ? typed(state, prompt, prompt.text + key) : state
  }
}

function typed(state: State, prompt: TextPrompt, text: string): State {
  if (text.length > LONGEST_ANSWER) return state
  const next: State = { ...state, message: undefined, prompt: { ...prompt, text } }
  return prompt.kind === 'search' ? searchedSoFar(next, text, prompt.from) : next
}

function answered(state: State, prompt: TextPrompt): State {
  const text = prompt.text.trim()
  switch (prompt.kind) {
    case 'search':
      return text === '' ? searchedNext(state, 1, 1) : searched(state, text, prompt.from)
    case 'tag': {
      const { commit } = prompt
      if (text === '' || commit === undefined) return state
      return {
        ...state,
        prompt: confirmation(`tag ${commit.short} as ${text}?`, {
          kind: 'tag',
          commit: commit.id,
          name: text,
        }),
      }
    }
    case 'filter': {
      const parsed = parseFilter(text)
      if ('fault' in parsed) return { ...said(state, parsed.fault), prompt }
      const { filter } = parsed
      const listing = { ...state.listing, filter, filterText: text }
      return outdated({ ...state, listing }, false)
    }
  }
}

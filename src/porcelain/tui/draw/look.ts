/** How the screen may look: what the terminal can show, and what its user wants. */
export interface Look {
  /** Whether text may be coloured; bold, inverse and underlined it is anyway. */
  readonly colour: boolean
  /** Whether more than ASCII is shown. */
  readonly unicode: boolean
}

export type Role =
  | 'id'
  | 'age'
  | 'author'
  | 'branch'
  | 'tag'
  | 'remote'
  | 'heading'
  | 'title'
  | 'appended'
  | 'revised'
  | 'deleted'
  | 'before'
  | 'after'
  | 'both'
  | 'hit'
  | 'error'
  | 'cursor'
  | 'quiet'
  | `lane${0 | 1 | 2 | 3 | 4 | 5}`

type Code = readonly [on: number, off: number]

const BOLD: Code = [1, 22]
const UNDERLINE: Code = [4, 24]
const INVERSE: Code = [7, 27]
const RED: Code = [31, 39]
const GREEN: Code = [32, 39]
const YELLOW: Code = [33, 39]
const BLUE: Code = [34, 39]
const MAGENTA: Code = [35, 39]
const CYAN: Code = [36, 39]

/** Neither black nor white, nor grey: on some background each of them cannot be seen. */
const codes: Readonly<Record<Role, readonly Code[]>> = {
  id: [YELLOW],
  age: [CYAN],
  author: [],
  branch: [GREEN, BOLD],
  tag: [YELLOW, BOLD],
  remote: [RED, BOLD],
  heading: [UNDERLINE],
  title: [BOLD],
  appended: [GREEN],
  revised: [YELLOW],
  deleted: [RED],
  before: [MAGENTA],
  after: [CYAN],
  both: [],
  hit: [BOLD, UNDERLINE],
  error: [RED, BOLD],
  cursor: [INVERSE],
  quiet: [],
  lane0: [RED],
  lane1: [GREEN],
  lane2: [YELLOW],
  lane3: [BLUE],
  lane4: [MAGENTA],
  lane5: [CYAN],
}

const COLOURS = 30

/** Safe text as it is sent to the terminal. */
export function paint(text: string, role: Role | undefined, look: Look): string {
  if (role === undefined || text === '') return text
  const wanted = codes[role].filter(([on]) => look.colour || on < COLOURS)
  const before = wanted.map(([on]) => `\x1b[${on}m`).join('')
  const after = wanted.map(([, off]) => `\x1b[${off}m`).join('')
  return before + text + after
}

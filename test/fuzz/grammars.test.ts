import { describe, expect, it } from 'vitest'
import { boundsFor, closedSides } from '../../src/core/bounds.ts'
import type { ColumnType } from '../../src/core/column.ts'
import { parseCommitDate, parseOffset, parseWhen } from '../../src/core/commit-date.ts'
import { parseConfig, setConfig, unsetConfig } from '../../src/core/config-file.ts'
import { formatCommitDate, parseDateStyle } from '../../src/core/date-format.ts'
import { VarveError } from '../../src/core/errors.ts'
import { parseId } from '../../src/core/id.ts'
import {
  branchRefName,
  checkCollectionName,
  checkColumnName,
  checkRefName,
  checkSeriesName,
  escapeControl,
} from '../../src/core/names.ts'
import { parsePeriod } from '../../src/core/period.ts'
import { parseRetention } from '../../src/core/retention.ts'
import { parseObjectName, parseRevision, parseRevisionRange } from '../../src/core/revision.ts'
import { formatScalar, parseScalar } from '../../src/core/scalar-text.ts'
import { formatSchemaText, parseSchemaText } from '../../src/core/schema-codec.ts'
import { parseSignature } from '../../src/core/signature.ts'
import { bindWhere, parseWhere } from '../../src/core/where.ts'
import { openZone } from '../../src/core/zone.ts'
import { parseDateLayout } from '../../src/formats/csv/date-layout.ts'
import { parseLakotaSchema } from '../../src/formats/lakota/schema.ts'
import { parseRefFormat } from '../../src/plumbing/format-ref.ts'
import { parseSeriesColumn } from '../../src/plumbing/mkseries.ts'
import { quotePath, unquotePath } from '../../src/plumbing/quote-path.ts'
import { formatTreeLine, parseTreeLine } from '../../src/plumbing/tree-line.ts'
import { parseCommitFormat } from '../../src/porcelain/commands/commit-format.ts'
import { parseExpiry } from '../../src/porcelain/expiry.ts'
import { parseAge } from '../../src/porcelain/list-series.ts'
import { schemaOf } from '../support/series.ts'
import { fuzz } from './support/fuzz.ts'
import { JSON_MARKS, oneOf, textBytes } from './support/mutate.ts'

const ID = '3f2a9c01'.repeat(8)
const NOW = { seconds: 1_700_000_000, offsetMinutes: 120 }
const ANYTHING = [
  '\0',
  '\x1b[31m',
  '\u202e',
  '😀',
  '\ud800',
  '',
  ' ',
  '\n',
  '\\',
  '"',
  "'",
  '9'.repeat(40),
]
const NUMBERS = ['0', '1', '-1', '00', '1e999', '9223372036854775808', '99999999999', 'NaN']

const types: readonly ColumnType[] = [
  'bool',
  'int8',
  'int64',
  'uint64',
  'float32',
  'float64',
  'date',
  'timestamp_s',
  'timestamp_ns',
  'string',
  'binary',
  'json',
]
const tables = types
  .filter((type) => type !== 'json')
  .map((type) => schemaOf(`k:${type} v:float64 s:string when:timestamp_ms __proto__:int64`))
const vienna = await openZone('Europe/Vienna')

interface Grammar {
  readonly name: string
  readonly samples: readonly string[]
  readonly words: readonly string[]
  parse(text: string, random: () => number): unknown
}

const DATES = [
  '2026',
  '2026-08',
  '2026-08-17',
  '2026-08-17T10:30',
  '2026-08-17T10:30:00.123456789Z',
  '2026-W33',
  '2026-03-29T02:30:00',
  '@1786960800',
  '@-1.5',
  'yesterday',
  '3 days ago',
  'Mon, 17 Aug 2026 10:30:00 +0200',
]
const DATE_WORDS = [
  ...NUMBERS,
  '-',
  ':',
  'T',
  'Z',
  '+',
  '+2400',
  '.',
  '@',
  'W',
  'ago',
  'week',
  'now',
  '0000',
  '9999',
  '24:00',
  ':60',
  'Aug',
]

const grammars: readonly Grammar[] = [
  {
    name: 'revision',
    samples: [
      'HEAD~3^2',
      'main@{1}',
      '@{-1}',
      '@{u}',
      `${ID}^{tree}`,
      'v1^{}',
      'main@{2026-08-17}',
      'a..b',
      'a...b',
      'a^@',
      'a^!',
      'a^-2',
      '^a',
      'main:a/b',
      ':a',
    ],
    words: [
      'HEAD',
      '@',
      '{',
      '}',
      '@{',
      '^',
      '~',
      '..',
      '...',
      ':',
      '^{',
      'commit',
      '-',
      '!',
      'refs/heads/',
      ID,
      ...NUMBERS,
      ...ANYTHING,
    ],
    parse(text) {
      const all = [parseRevision, parseRevisionRange, parseObjectName].map((parse) =>
        attempt(() => parse(text)),
      )
      if (all.every((error) => error !== undefined)) throw all[0]
    },
  },
  {
    name: 'where',
    samples: [
      "v >= 1 and not (s = 'a''b' or k is null)",
      'v is nan',
      '"a b" <> 2',
      "when >= '2026-08'",
      '1 < v',
      'k = true',
      '`s` != -1.5e3',
    ],
    words: [
      'and ',
      'or ',
      'not ',
      'is ',
      'null ',
      'nan ',
      'true',
      '(',
      ')',
      '=',
      '<',
      '>',
      '!',
      "'a'",
      '"k"',
      '`v`',
      'k ',
      'v ',
      's ',
      'when ',
      '__proto__ ',
      'between ',
      'like ',
      "'2026'",
      ...NUMBERS,
      ...ANYTHING,
    ],
    parse(text, random) {
      const zone = random() < 0.5 ? vienna : undefined
      bindWhere(parseWhere(text), oneOf(tables, random), zone)
    },
  },
  {
    name: 'bounds',
    samples: [...DATES, '1.5', '-0', 'inf', 'true', 'a', '00ff'],
    words: [...DATE_WORDS, ...ANYTHING],
    parse(text, random) {
      const schema = oneOf(tables, random)
      const zone = random() < 0.5 ? vienna : undefined
      const closed = oneOf(closedSides, random)
      if (random() < 0.3) return boundsFor(schema, { at: text }, zone)
      return boundsFor(schema, { [random() < 0.5 ? 'from' : 'to']: text, closed }, zone)
    },
  },
  {
    name: 'period',
    samples: DATES,
    words: [...DATE_WORDS, ...ANYTHING],
    parse: (text, random) => parsePeriod(text, random() < 0.5 ? vienna : undefined),
  },
  {
    name: 'date of a commit',
    samples: [...DATES, '1787270400 +0200', '2026-08-17 10:30 -0500'],
    words: [...DATE_WORDS, ...ANYTHING],
    parse(text) {
      parseOffset(text)
      parseSignature(text)
      const errors = [
        attempt(() => parseDateStyle(text)),
        attempt(() => parseWhen(text, NOW)),
        attempt(() => formatCommitDate(parseCommitDate(text, NOW), parseDateStyle('iso'))),
      ]
      if (errors.every((error) => error !== undefined)) throw errors[0]
    },
  },
  {
    name: 'time to keep things for',
    samples: ['2 weeks', '90.days.ago', 'now', 'never', '2026-08-17'],
    words: [...DATE_WORDS, ...ANYTHING, ' ', 'days', 'never', 'all'],
    parse: (text) => parseExpiry(text, NOW.seconds * 1000),
  },
  {
    name: 'rules of what to keep',
    samples: ['all 7d, daily 90d, monthly always', 'tagged always', 'weekly 2y,yearly 10mo'],
    words: [...NUMBERS, ...ANYTHING, ',', ' ', 'all', 'daily', 'd', 'mo', 'always'],
    parse: parseRetention,
  },
  {
    name: 'format of a commit',
    samples: ['%H %an <%ae>%n%s', 'oneline', 'format:%h', '%C(red)%x00%%'],
    words: ['%', '%H', '%an', '%x1b', '%C(', ')', '%<(', 'format:', 'oneline', ...ANYTHING],
    parse: (text) => parseCommitFormat(text),
  },
  {
    name: 'age',
    samples: ['1 day', '90m', '2w', '1.5 hours'],
    words: [...NUMBERS, ' ', 'd', 'm', 'week', 'years', ...ANYTHING],
    parse: (text) => parseAge(text),
  },
  {
    name: 'layout of dates',
    samples: [
      'DD/MM/YYYY',
      'YYYY-MM-DD HH:mm:ss.SSS',
      'epoch_ms',
      'D MMM YY',
      'YYYY[Q]Q',
      'h:mm A',
    ],
    words: [
      'YYYY',
      'YY',
      'MMMM',
      'MMM',
      'MM',
      'DD',
      'D',
      'HH',
      'h',
      'A',
      'ss',
      'SSS',
      'Z',
      '[',
      ']',
      '/',
      'epoch_',
      ...ANYTHING,
    ],
    parse: (text) => parseDateLayout(text),
  },
  {
    name: 'value',
    samples: [
      '1',
      '-1.5e300',
      'true',
      '2026-08-17',
      '2026-08-17T00:00:00Z',
      '{"a":[1]}',
      'AP8=',
      '00ff',
      'text',
    ],
    words: [...DATE_WORDS, '{', '[', '}', ']', ':', ',', '"', 'null', ...ANYTHING],
    parse(text, random) {
      const type = oneOf(types, random)
      const value = parseScalar(text, type)
      // A value is a value: what is printed is read as the same.
      const shown = formatScalar(value, type)
      expect(formatScalar(parseScalar(shown, type), type)).toBe(shown)
    },
  },
  {
    name: 'schema',
    samples: [
      'time:timestamp_s price:float64',
      '"a b":string, v:int64',
      'time:timestamp_ms,x:json,n:null',
    ],
    words: [
      'time',
      ' ',
      '*',
      ',',
      ':',
      '"a"',
      'timestamp_s',
      'timestamp[s]',
      'float64',
      'double',
      'null',
      '__proto__',
      ...ANYTHING,
    ],
    parse(text, random) {
      const schema = parseSchemaText(text, { duplicates: random() < 0.5 })
      expect(
        parseSchemaText(formatSchemaText(schema), {
          duplicates: schema.duplicates,
          index: schema.columns.slice(0, schema.indexCount).map(({ name }) => name),
        }),
      ).toEqual(schema)
    },
  },
  {
    name: 'configuration',
    samples: [
      '[user]\n\tname = Ada\n[remote "origin"]\n\turl = /a\\\\b "c;d" # e\n',
      '[a]\nb\nc = "x\\\ny"\n',
      '\ufeff[core]\r\neditor = vi\r\n',
    ],
    words: [
      '[',
      ']',
      '[a]\n',
      '[a "b"]',
      '"',
      '\\',
      '\\\n',
      '=',
      ';',
      '#',
      'name',
      '\n',
      '\r\n',
      '\t',
      '[core]\npager=x\n',
      ...ANYTHING,
    ],
    parse(text) {
      parseConfig(text)
      const value = text.slice(0, 30).replaceAll(/[\0\r]/g, '')
      const set = setConfig(text, 'user.name', value)
      expect(parseConfig(set).findLast(({ key }) => key === 'user.name')?.value).toBe(value)
      unsetConfig(set, 'user.name')
    },
  },
  {
    name: 'name',
    samples: ['a/b', 'refs/heads/main', 'öl/preis 1', 'CON.x', '.varve/x', 'a..b', 'x'.repeat(241)],
    words: [
      '/',
      '.',
      '..',
      'a',
      'CON',
      'aux',
      '.varve',
      '.VARVE',
      '.lock',
      '@{',
      '*',
      ':',
      '\u00e9',
      'e\u0301',
      'x'.repeat(300),
      ...ANYTHING,
    ],
    parse(text) {
      const checks = [
        checkSeriesName,
        checkCollectionName,
        checkColumnName,
        checkRefName,
        branchRefName,
      ]
      expect(escapeControl(text)).not.toMatch(/[\p{Cc}\u202e]/u)
      if (checks.every((check) => attempt(() => check(text)) !== undefined)) checkSeriesName(text)
    },
  },
  {
    name: 'line of a tree',
    samples: [`series ${ID}\ta/b`, `tree ${ID} ${ID}\t"a\\303\\266"`, `0 ${'0'.repeat(64)}\ta`],
    words: [
      'series ',
      'tree ',
      '0 ',
      ID,
      '0'.repeat(64),
      '\t',
      '"',
      '\\303',
      '\\n',
      '/',
      '..',
      ...ANYTHING,
    ],
    parse(text, random) {
      const zero = random() < 0.5
      const line = parseTreeLine(text, 1, zero)
      if (line.kind === '0') return
      const shown = formatTreeLine(line, zero)
      expect(parseTreeLine(shown, 1, zero)).toEqual(line)
    },
  },
  {
    name: 'path in quotes',
    samples: ['a/b', '"a\\tb"', '"\\303\\266"', '"\\\\"'],
    words: ['"', '\\', '\\3', '\\377', '\\n', '\\x', 'a', '/', ...ANYTHING],
    parse(text) {
      const path = unquotePath(text)
      expect(unquotePath(quotePath(path))).toBe(path)
    },
  },
  {
    name: 'format of refs',
    samples: [
      '%(objectname) %(objecttype)\t%(refname)',
      '%(*objectname:short=7)%00%(committerdate:iso)%%',
    ],
    words: [
      '%',
      '%(',
      ')',
      '*',
      ':',
      'refname',
      'short',
      '=7',
      'strip=2',
      'committerdate',
      'relative',
      '%0a',
      ...ANYTHING,
    ],
    parse: (text) => parseRefFormat(text),
  },
  {
    name: 'column of a series',
    samples: [`Price:float64:${ID}`, `a:b:date:${ID}`],
    words: [':', 'float64', ID, 'a', ...ANYTHING],
    parse(text) {
      const { id } = parseSeriesColumn(text)
      parseId(id)
    },
  },
  {
    name: 'schema of Lakota',
    samples: [
      '{"kind": null, "columns": {"timestamp": {"dt": "datetime64[s]", "codecs": [], "idx": true}, "v": {"dt": "<f8"}}}',
      '{"columns": {"1": {"dt": "<U12", "idx": true}, "__proto__": {"dt": "|b1", "idx": false}}}',
    ],
    words: [
      ...JSON_MARKS,
      '"columns":',
      '"dt":',
      '"idx":true',
      '"__proto__"',
      '"datetime64[s]"',
      '"<f8"',
      'null',
      '{"a":',
      ...ANYTHING,
    ],
    parse: (text, random) => parseLakotaSchema(text, '_schema.json', random() < 0.5),
  },
]

/** What a text is refused with. */
function attempt(run: () => unknown): VarveError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    return error
  }
}

describe('a text from a stranger', () => {
  it.each(grammars.map((grammar) => [grammar.name, grammar] as const))(
    '%s: means something or is refused',
    async (_, { name, samples, words, parse }) => {
      const { read, refused } = await fuzz({
        name,
        samples: textBytes(...samples),
        words: textBytes(...words),
        whole: false,
        decode: (bytes, random) => parse(Buffer.from(bytes).toString(), random),
      })
      expect(read).toBeGreaterThan(0)
      expect(refused.size).toBeGreaterThan(0)
    },
    1e8,
  )
})

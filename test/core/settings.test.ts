import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textToBytes } from '../../src/core/bytes.ts'
import {
  decodeSettings,
  encodeSettings,
  type Json,
  MAX_SETTINGS_BYTES,
  mergeSettings,
  NO_SETTINGS,
  readSettings,
  type Settings,
  schemaSettingOf,
  unitOf,
  writeSettings,
  zoneOf,
} from '../../src/core/settings.ts'
import { toldAs } from '../support/errors.ts'
import { MemoryObjects } from '../support/memory-objects.ts'

const textOf = (settings: Settings) => Buffer.from(encodeSettings(settings)).toString()
const known = new Set(['zone', 'schema', 'display', 'defaults'])

describe('settings', () => {
  it('are JSON without spaces, members sorted by the bytes of their names', () => {
    const settings = new Map<string, Json>([
      ['zone', 'Europe/Vienna'],
      ['😀', 1],
      ['ﬀ', { b: [1, 2.5, null, true], a: 'x\n' }],
      ['display', {}],
    ])
    expect(textOf(settings)).toBe(
      '{"display":{},"zone":"Europe/Vienna","ﬀ":{"a":"x\\n","b":[1,2.5,null,true]},"😀":1}',
    )
  })

  it('come back as they were, whatever they hold', () => {
    const key = fc.string({ unit: 'grapheme' }).filter((name) => !known.has(name))
    const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }) as fc.Arbitrary<Json>
    const settings = fc.array(fc.tuple(key, json), { minLength: 1 }).map((pairs) => new Map(pairs))
    fc.assert(
      fc.property(settings, (given) => {
        const bytes = encodeSettings(given)
        // Through JSON once, for it has no −0.
        const expected = new Map<string, Json>(JSON.parse(JSON.stringify([...given])))
        const read = decodeSettings(bytes)
        expect(read).toEqual(expected)
        expect(encodeSettings(read)).toEqual(bytes)
      }),
    )
  })

  it('keep names such as __proto__, at any depth', () => {
    const inner: Json = JSON.parse('{"__proto__":{"constructor":1},"toString":2}')
    const text = textOf(new Map([['__proto__', inner]]))
    expect(text).toBe('{"__proto__":{"__proto__":{"constructor":1},"toString":2}}')
    expect(textOf(decodeSettings(textToBytes(text)))).toBe(text)
    expect(zoneOf(decodeSettings(textToBytes(text)))).toBeUndefined()
  })

  it('of an inner collection stand in place of an outer one’s, key by key', () => {
    const outer = new Map<string, Json>([
      ['zone', 'UTC'],
      ['schema', { columns: 'a' }],
    ])
    const inner = new Map<string, Json>([['schema', { index: 'b' }]])
    const merged = mergeSettings(outer, inner)
    expect(zoneOf(merged)).toBe('UTC')
    expect(schemaSettingOf(merged)).toEqual({ index: 'b' })
    expect(mergeSettings(outer, NO_SETTINGS)).toBe(outer)
    expect(mergeSettings(NO_SETTINGS, inner)).toBe(inner)
  })

  it.each([
    ['a zone that is no text', new Map<string, Json>([['zone', 1]])],
    ['a zone without a name', new Map<string, Json>([['zone', '']])],
    ['a schema that is no object', new Map<string, Json>([['schema', []]])],
    ['a schema that is null', new Map<string, Json>([['schema', null]])],
    ['a schema that is text', new Map<string, Json>([['schema', 'x']])],
    ['endless depth of objects', new Map<string, Json>([['x', nestedObject(65)]])],
    ['NaN', new Map<string, Json>([['x', Number.NaN]])],
    ['half a surrogate pair', new Map<string, Json>([['x', '\ud83d']])],
    ['undefined', new Map([['x', undefined as unknown as Json]])],
    ['endless depth', new Map<string, Json>([['x', nested(65)]])],
  ])('are refused with %s', (_, settings) => {
    expect(() => encodeSettings(settings)).toThrow(toldAs('invalid-value'))
  })

  it.each([
    ['zone', 1, 'a text'],
    ['display', 1, 'an object'],
  ])('say of a %s what it must be', (key, value, wanted) => {
    expect(() => encodeSettings(new Map<string, Json>([[key, value]]))).toThrow(
      expect.objectContaining({ data: { key }, message: expect.stringContaining(wanted) }),
    )
  })

  it('may be 64 levels deep', () => {
    for (const value of [nested(64), nestedObject(64)]) {
      const deep = new Map<string, Json>([['x', value]])
      expect(decodeSettings(encodeSettings(deep))).toEqual(deep)
    }
  })

  it('are refused when too large', () => {
    const settings = (length: number) => new Map<string, Json>([['x', 'y'.repeat(length)]])
    const most = encodeSettings(settings(MAX_SETTINGS_BYTES - '{"x":""}'.length))
    expect(most).toHaveLength(MAX_SETTINGS_BYTES)
    expect(decodeSettings(most).size).toBe(1)
    const large = () => encodeSettings(settings(MAX_SETTINGS_BYTES - 7))
    expect(large).toThrow(toldAs('too-large'))
    expect(large).toThrow(
      expect.objectContaining({
        data: { bytes: MAX_SETTINGS_BYTES + 1, limit: MAX_SETTINGS_BYTES },
      }),
    )
  })

  it.each([
    ['a space', '{"a": 1}'],
    ['members out of order', '{"b":1,"a":1}'],
    ['a member twice', '{"a":1,"a":1}'],
    ['a needless escape', '{"a":"\\u0041"}'],
    ['a number in another form', '{"a":1.0}'],
    ['minus zero', '{"a":-0}'],
    ['no object', '[1]'],
    ['nothing in it', '{}'],
    ['no JSON', '{"a":'],
    ['a zone that is no text', '{"zone":1}'],
    ['endless depth', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['bytes that are no UTF-8', Buffer.from('7b2261223a22ff227d', 'hex')],
  ])('are not read with %s', (_, content) => {
    const bytes = typeof content === 'string' ? textToBytes(content) : content
    expect(() => decodeSettings(bytes)).toThrow(toldAs('corrupt-object'))
  })

  it('are stored where there are any', async () => {
    const objects = new MemoryObjects()
    const settings = new Map<string, Json>([['zone', 'UTC']])
    const id = await writeSettings(objects, settings)
    expect(await readSettings(objects, id!)).toEqual(settings)
    expect(await writeSettings(objects, NO_SETTINGS)).toBeUndefined()
  })
})

function nested(depth: number): Json {
  return depth === 0 ? 1 : [nested(depth - 1)]
}

function nestedObject(depth: number): Json {
  return depth === 0 ? 1 : { x: nestedObject(depth - 1) }
}

describe('the zone and the schema', () => {
  it('are those that settings may hold, whatever else stands there', () => {
    for (const value of [1, null, [], {}]) {
      expect(zoneOf(new Map<string, Json>([['zone', value]]))).toBeUndefined()
    }
    for (const value of [1, null, [], 'x']) {
      expect(schemaSettingOf(new Map<string, Json>([['schema', value]]))).toBeUndefined()
    }
    expect(schemaSettingOf(NO_SETTINGS)).toBeUndefined()
  })
})

describe('the unit in which a column is shown', () => {
  it('is what settings say in words', () => {
    const display = { price: { unit: 'EUR' }, empty: { unit: '' }, odd: { unit: 5 }, text: 'x' }
    const settings = new Map<string, Json>([['display', display]])
    expect(unitOf(settings, 'price')).toBe('EUR')
    for (const column of ['empty', 'odd', 'text', 'none', 'toString']) {
      expect(unitOf(settings, column)).toBeUndefined()
    }
    for (const none of ['EUR', null, ['EUR']]) {
      expect(unitOf(new Map<string, Json>([['display', none]]), 'price')).toBeUndefined()
    }
    const numbered = new Map<string, Json>([['display', [{ unit: 'EUR' }]]])
    expect(unitOf(numbered, '0')).toBeUndefined()
    expect(unitOf(NO_SETTINGS, 'price')).toBeUndefined()
  })
})

it('settings too large to be any are refused before they are parsed', () => {
  const long = textToBytes(`{"a":"${'x'.repeat(MAX_SETTINGS_BYTES)}"}`)
  expect(() => decodeSettings(long)).toThrow('too large')
})

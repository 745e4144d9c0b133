import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decompress } from 'zstd-napi'
import { applyDifference } from './delta-reader.ts'
import { decodeColumnBody } from './encoding-reader.ts'

// A reader of repositories, written from docs/format/ alone. It imports nothing of varve, so that a
// page which leaves something out makes its test fail. It is simple before it is fast: it
// reads whole packs and whole series.

type Bytes = Buffer
export type Value = null | boolean | number | bigint | string

const sha256 = (...parts: (string | Bytes)[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not as documented: ${what}`)
}

/** Reads what the pages call varint, text, list, and fixed bytes. */
class Cursor {
  at = 0
  readonly data: Bytes
  constructor(data: Bytes) {
    this.data = data
  }
  bytes(length: number): Bytes {
    demand(this.at + length <= this.data.length, 'it ends too early')
    this.at += length
    return this.data.subarray(this.at - length, this.at)
  }
  u8(): number {
    return this.bytes(1)[0]!
  }
  hex = (length = 32): string => this.bytes(length).toString('hex')
  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  prefixed = (): Bytes => this.bytes(this.varint())
  text = (): string => this.prefixed().toString('utf8')
  list = <T>(item: () => T): T[] => Array.from({ length: this.varint() }, item)
  end = (): void => demand(this.at === this.data.length, 'something follows')
}

/** repository.md, ref-log.md, checkpoint.md */
export function readRefs(folder: string): { refs: Map<string, string>; packs: Set<string> } {
  const numbers = (name: string) =>
    readdirSync(join(folder, name))
      .filter((file) => /^\d{12}$/.test(file))
      .map(Number)
      .sort((a, b) => a - b)
  const open = (name: string, number: number, magic: string) => {
    const file = readFileSync(join(folder, name, String(number).padStart(12, '0')))
    const covered = file.subarray(0, -8)
    demand(sha256(covered).subarray(0, 8).equals(file.subarray(-8)), 'checksum')
    const c = new Cursor(covered)
    demand(c.bytes(8).toString('latin1') === `${magic}\x02`, 'a version that is known')
    demand(c.varint() === number, 'number')
    return c
  }
  const refs = new Map<string, string>()
  const packs = new Set<string>()
  const start = numbers('checkpoints').at(-1) ?? 0
  if (start > 0) {
    const c = open('checkpoints', start, 'varveLC')
    demand(c.list(c.text).length === 0, 'required features')
    c.text()
    c.list(() => refs.set(c.text(), c.hex()))
    for (const pack of c.list(() => c.hex())) packs.add(pack)
    c.list(() => c.hex())
    c.list(() => c.hex())
    c.end()
  }
  for (const number of numbers('log').filter((n) => n > start)) {
    const c = open('log', number, 'varveLG')
    c.bytes(16)
    const parts = c.u8()
    demand(parts < 64, 'required features')
    c.list(() => {
      const flags = c.u8()
      const name = ['', 'refs/heads/', 'refs/tags/', 'refs/remotes/'][flags >> 2] + c.text()
      const old = flags & 1 ? c.hex(4) : undefined
      demand(refs.get(name)?.slice(0, 8) === old, 'the old id')
      if (flags & 2) refs.set(name, c.hex())
      else refs.delete(name)
    })
    if (parts & 2) c.text()
    if (parts & 1) c.text()
    c.text()
    c.text()
    c.varint()
    c.varint()
    c.text()
    for (const pack of c.list(() => c.hex())) packs.add(pack)
    if (parts & 4) for (const pack of c.list(() => c.hex())) packs.delete(pack)
    if (parts & 8) c.list(() => c.hex())
    if (parts & 8) c.list(() => c.hex())
    if (parts & 32) c.hex()
    c.end()
  }
  return { refs, packs }
}

const KINDS = 'blob column columns segments series settings tree commit tag'.split(' ')

/** pack.md: all objects of a pack, by id. */
function readPack(
  path: string,
  objects: Map<string, { kind: string; readonly bytes: Bytes }>,
): void {
  const file = readFileSync(path)
  demand(file.subarray(0, 8).equals(Buffer.from('varvePK\x02')), 'a pack')
  demand(path.endsWith(`${sha256(file).toString('hex')}.pack`), 'the name')
  const footer = file.subarray(-14)
  const count = footer.readUInt32LE(0)
  const [w, v] = [footer[4]!, footer[5]!]
  const length = count * (32 + w + v)
  const sums = length > 262_144 ? 8 * Math.ceil(length / 4096) : 0
  const start = file.length - 14 - sums - length
  const index = file.subarray(start, start + length)
  const covered = sums > 0 ? file.subarray(start + length, -14) : index
  const sum = sha256(file.subarray(0, 8), covered, footer.subarray(0, 6)).subarray(0, 8)
  demand(sum.equals(footer.subarray(6)), 'checksum of the index')
  for (let i = 0; i < sums / 8; i++) {
    const page = sha256(index.subarray(4096 * i, 4096 * (i + 1))).subarray(0, 8)
    demand(page.equals(covered.subarray(8 * i, 8 * i + 8)), 'checksum of a page')
  }
  const ids = Array.from({ length: count }, (_, i) => index.toString('hex', 32 * i, 32 * i + 32))
  const order = ids.map((_, i) => index.readUIntLE((32 + w) * count + v * i, v))
  const sorted = order.every((at, i) => i === 0 || ids[order[i - 1]!]! < ids[at]!)
  demand(sorted, 'the order of the ids')
  let from = 8
  for (const [i, id] of ids.entries()) {
    const end = index.readUIntLE(32 * count + w * i, w)
    const record = file.subarray(from, end - 8)
    const c = new Cursor(record)
    const distance = (): number => {
      const code = c.varint()
      return code % 2 === 0 ? code / 2 : -(code + 1) / 2
    }
    const flags = c.u8()
    const kind = KINDS[(flags & 15) - 1]!
    const method = c.u8()
    const size = c.varint()
    demand((flags & 0x10) === 0, 'no parameters')
    const base = flags & 0x20 ? ids[i - distance()]! : flags & 0x40 ? c.hex() : undefined
    if (base !== undefined) demand(c.varint() > 0, 'a depth')
    const cuts: { gap: number; id: string }[] = []
    const cutId = (d: number) => (d === 0 ? base! : ids[i - d]!)
    if (flags & 0x80) c.list(() => cuts.push({ gap: c.varint(), id: cutId(distance()) }))
    const body = c.bytes(record.length - c.at)
    const cutIds = cuts.map((cut) => Buffer.from(cut.id, 'hex'))
    const sums = [Buffer.from(id + (base ?? ''), 'hex'), ...cutIds, record]
    const check = sha256(...sums).subarray(0, 8)
    demand(check.equals(file.subarray(end - 8, end)), 'checksum')
    demand(method < 3 === (base === undefined) && method <= 5, 'the method')
    demand((method !== 2 && method !== 4) || kind === 'column', 'the encoding')
    const decode = (): Bytes => {
      const inner = method === 1 ? decompress(body) : method === 2 ? decodeColumnBody(body) : body
      const isText = kind === 'commit' || kind === 'tag'
      const parts: Bytes[] = []
      let at = 0
      for (const { gap, id: cut } of cuts) {
        parts.push(inner.subarray(at, at + gap), Buffer.from(cut, isText ? 'latin1' : 'hex'))
        at += gap
      }
      const whole = Buffer.concat([...parts, inner.subarray(at)])
      const before = base === undefined ? undefined : objects.get(base)
      demand(base === undefined || before?.kind === kind, 'a base of the same kind')
      const bytes =
        before === undefined ? whole : applyDifference(method, kind, whole, before.bytes)
      demand(bytes.length === size, 'the length')
      demand(sha256(`${kind} ${size}\0`, bytes).toString('hex') === id, 'the id')
      return bytes
    }
    let bytes: Bytes | undefined
    objects.set(id, {
      kind,
      get bytes() {
        bytes ??= decode()
        return bytes
      },
    })
    from = end
  }
  demand(from === start, 'the index follows the records')
}

/** What a repository holds, as far as its log names it. */
export class Reader {
  readonly refs: Map<string, string>
  readonly #objects = new Map<string, { kind: string; bytes: Bytes }>()

  constructor(folder: string) {
    const { refs, packs } = readRefs(folder)
    this.refs = refs
    for (const pack of packs) readPack(join(folder, 'packs', `${pack}.pack`), this.#objects)
  }

  object(id: string, kind: string): Bytes {
    const found = this.#objects.get(id)
    demand(found?.kind === kind, `${kind} ${id}`)
    return found!.bytes
  }

  /** commit.md */
  commit(id: string): { tree: string; parents: string[]; message: string } {
    const text = this.object(id, 'commit').toString('utf8')
    const blank = text.indexOf('\n\n')
    const lines = text.slice(0, blank).split('\n')
    const all = (word: string) =>
      lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
    return { tree: all('tree')[0]!, parents: all('parent'), message: text.slice(blank + 2) }
  }

  /** tree.md: path and id of each series. */
  *series(tree: string, prefix = ''): Generator<[path: string, id: string]> {
    for (const c of this.#leaves(this.object(tree, 'tree'), 'tree')) {
      const name = prefix + c.text()
      const kind = c.u8()
      const id = c.hex()
      if (c.u8() === 1) JSON.parse(this.object(c.hex(), 'settings').toString('utf8'))
      if (kind === 1) yield* this.series(id, `${name}/`)
      else yield [name, id]
    }
  }

  /** series.md: the names of the columns, then each row. */
  *rows(id: string): Generator<(Value | Bytes)[]> {
    const c = new Cursor(this.object(id, 'series'))
    c.u8()
    const columns = c.varint()
    c.varint()
    const types: number[] = []
    const names = Array.from({ length: columns }, () => {
      const name = c.text()
      types.push(c.u8())
      return name
    })
    yield names
    for (const entry of this.#leaves(c.bytes(c.data.length - c.at), 'segments')) {
      entry.prefixed()
      entry.prefixed()
      const rows = entry.varint()
      const lists =
        columns <= 16
          ? Array.from({ length: columns }, () => chunkList(entry))
          : this.#chunkLists(entry.hex(), columns)
      const values = lists.map((chunks, i) =>
        chunks.flatMap((chunk) => readColumn(this.object(chunk, 'column'), types[i]!)),
      )
      for (const column of values) demand(column.length === rows, 'rows of a column')
      for (let row = 0; row < rows; row++) yield values.map((column) => column[row]!)
    }
  }

  /** series.md, `columns`: 64 chunk lists a node, or 64 nodes. */
  #chunkLists(id: string, columns: number): string[][] {
    const c = new Cursor(this.object(id, 'columns'))
    const level = c.u8()
    const entries = c.varint()
    const below = 64 ** level
    return Array.from({ length: entries }, (_, i) =>
      level === 0
        ? [chunkList(c)]
        : this.#chunkLists(c.hex(), Math.min(below, columns - i * below)),
    ).flat()
  }

  /** prolly-tree.md: a cursor at each entry of level 0, which the caller reads to its end. */
  *#leaves(node: Bytes, kind: string): Generator<Cursor> {
    const c = new Cursor(node)
    const level = c.u8()
    const entries = c.varint()
    for (let i = 0; i < entries; i++) {
      if (level === 0) {
        yield c
        continue
      }
      c.prefixed()
      c.prefixed()
      c.varint()
      const child = this.object(c.hex(), kind)
      demand(child[0] === level - 1, 'the level of a node')
      yield* this.#leaves(child, kind)
    }
    c.end()
  }
}

function chunkList(c: Cursor): string[] {
  const count = c.varint()
  return Array.from({ length: count }, () => {
    if (count > 1) c.varint()
    return c.hex()
  })
}

/** column.md */
function readColumn(data: Bytes, type: number): (Value | Bytes)[] {
  demand(data[0] === type, 'the type of a column')
  const rows = data.readUInt32LE(4)
  const bitmap = data[1] === 1 ? data.subarray(8, 8 + 8 * Math.ceil(rows / 64)) : undefined
  const values = data.subarray(8 + (bitmap?.length ?? 0))
  const bit = (bytes: Bytes, i: number) => ((bytes[i >> 3]! >> (i & 7)) & 1) === 1
  const texts = values.subarray(4 * (rows + 1))
  const one = (i: number): Value | Bytes => {
    if (type === 0 || (bitmap !== undefined && !bit(bitmap, i))) return null
    if (type === 1) return bit(values, i)
    if (type >= 17) {
      const value = texts.subarray(values.readUInt32LE(4 * i), values.readUInt32LE(4 * i + 4))
      return type === 18 ? value : value.toString('utf8')
    }
    if (type === 10) return values.readFloatLE(4 * i)
    if (type === 11) return values.readDoubleLE(8 * i)
    if (type === 12) return values.readInt32LE(4 * i)
    if (type === 9) return values.readBigUInt64LE(8 * i)
    if (type === 5 || type >= 13) return values.readBigInt64LE(8 * i)
    const size = 2 ** ((type - 2) % 4)
    return type <= 4 ? values.readIntLE(size * i, size) : values.readUIntLE(size * i, size)
  }
  return Array.from({ length: rows }, (_, i) => one(i))
}

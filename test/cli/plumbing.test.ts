import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { isolated, PROGRAM, type RunOptions, someone, varve } from '../support/program.ts'
import { newWorkTree } from '../support/repository-folder.ts'
import { temporaryFolder } from '../support/temporary.ts'

const CSV = 'Date,Price\n2026-08-14,65.5\n2026-08-17,65.98\n2026-08-18,\n'

const WALK = `set -eu -o pipefail
t=$(cut -d, -f1 a.csv | tail -n +2 | varve hash-object -w --type date --stdin)
v=$(cut -d, -f2 a.csv | tail -n +2 | varve hash-object -w --type float64 --stdin)
s=$(varve mkseries --column Date:date:$t --column Price:float64:$v --index Date)
tree=$(printf 'series %s\\tbrent-daily\\n' "$s" | varve mktree)
c=$(varve commit-tree "$tree" -m "by hand")
varve update-ref refs/heads/main "$c"; varve cat-blob "$v" | head -3; varve ls-tree main
echo "$t $v $s $tree $c"
`

/** Runs a shell script in which `varve` is the built program. */
async function shell(script: string, cwd: string): Promise<string> {
  const define = `varve() { node ${PROGRAM} "$@"; }\n`
  const env = { ...isolated, ...someone }
  const { stdout } = await execa('bash', ['-c', define + script], { cwd, env, extendEnv: false })
  return stdout
}

interface Walk {
  readonly root: string
  readonly ids: readonly [t: string, v: string, s: string, tree: string, c: string]
  readonly printed: string
}

/** The repository that the walk through the plumbing makes. */
async function walk(): Promise<Walk> {
  const root = await newWorkTree()
  await writeFile(join(root, 'a.csv'), CSV)
  const printed = await shell(WALK, root)
  const ids = printed.slice(printed.lastIndexOf('\n') + 1).split(' ')
  return { root, ids: ids as unknown as Walk['ids'], printed }
}

let made: Walk
beforeAll(async () => {
  made = await walk()
})

const run = (args: readonly string[], options: RunOptions = {}) =>
  varve(args, { cwd: made.root, env: someone, ...options })

async function lines(...args: string[]): Promise<string[]> {
  const { stdout, stderr, exitCode } = await run(args)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout.split('\n').slice(0, -1)
}

describe('a commit made by hand', () => {
  it('prints its values and its tree', () => {
    const [, , s] = made.ids
    expect(made.printed.split('\n').slice(0, -1)).toEqual([
      '65.5',
      '65.98',
      '',
      `series ${s}\tbrent-daily`,
    ])
  })

  it('has the same ids on every machine', () => {
    expect(made.ids).toMatchInlineSnapshot(`
      [
        "f969f5a6581d93fbd9d36e7cadd6594225bc91c117b6efd38437e63ea64653b4",
        "06c7560ca53405216ae403cad3093a85223af82d7574b3267b2bce26f6dc5694",
        "4a1d556174cf350e788258c0561b8e6a0ddd422bca62d3d8d5fce0fe267b280f",
        "35f797ee8c91ccf552afea8e22582c658e0b385e0be368c30305dd2e42bc0943",
        "04e28c26e497bd44ef056983ca2d2923e8db2462daa85f3779faf9f06a5dcef2",
      ]
    `)
  })

  it('is the commit that the porcelain makes', async () => {
    const cwd = temporaryFolder()
    await run(['init', 'repo'], { cwd })
    const inside = { cwd: join(cwd, 'repo') }
    expect(
      (await run(['add', join(made.root, 'a.csv'), '--as', 'brent-daily'], inside)).stderr,
    ).toBe('')
    expect((await run(['write-tree'], inside)).stdout).toBe(`${made.ids[3]}\n`)
    expect((await run(['commit', '-m', 'by hand'], inside)).exitCode).toBe(0)
    expect((await run(['rev-parse', 'HEAD'], inside)).stdout).toBe(`${made.ids[4]}\n`)
  })

  it('can be read down to the digest of each column', async () => {
    const [t, v, s, tree, c] = made.ids
    expect(await lines('rev-parse', 'HEAD', 'main^{tree}', 'main:brent-daily')).toEqual([
      c,
      tree,
      s,
    ])
    expect(await lines('cat-object', '-p', 'main:brent-daily')).toEqual([
      'index date Date',
      'value float64 Price',
      'rows 3',
      `segment 3 2026-08-14 2026-08-18 ${t} ${v}`,
    ])
    expect(await lines('cat-object', '-p', c)).toEqual([
      `tree ${tree}`,
      'author Ada Lovelace <ada@example.com> 1700000000 +0000',
      'committer Ada Lovelace <ada@example.com> 1700000000 +0000',
      '',
      'by hand',
    ])
    const { stdout } = await execa('node', [PROGRAM, 'cat-object', 'column', v], {
      cwd: made.root,
      encoding: 'buffer',
    })
    const hash = createHash('sha256').update(`column ${stdout.length}\0`).update(stdout)
    expect(hash.digest('hex')).toBe(v)
  })

  it('takes several index columns, and names with commas and colons', async () => {
    const [t, v] = made.ids
    const columns = ['--column', `a,b:c:date:${t}`, '--column', `x:float64:${v.slice(0, 12)}`]
    const one = await run(['mkseries', ...columns, '--index', 'a,b:c'])
    expect(one).toMatchObject({ stderr: '', exitCode: 0 })
    const shown = await lines('cat-object', '-p', one.stdout.trim())
    expect(shown.slice(0, 2)).toEqual(['index date a,b:c', 'value float64 x'])
    const schema = ['--stdin', '--schema', 'v:int8 k:string t:date', '--index', 't,k']
    const two = await run(['mkseries', ...schema], { input: 'k,t,v\na,2026-01-01,1\n' })
    expect((await lines('cat-object', '-p', two.stdout.trim())).slice(0, 4)).toEqual([
      'index date t',
      'index string k',
      'value int8 v',
      'rows 1',
    ])
  })

  it('is the same series from CSV', async () => {
    const schema = 'Date:date Price:float64'
    const made2 = await run(['mkseries', '--stdin', '--schema', schema], { input: CSV })
    expect(made2.stdout).toBe(`${made.ids[2]}\n`)
  })
})

describe('hash-object', () => {
  it('computes ids without a repository, and git ids of bytes', async () => {
    const [, v] = made.ids
    const input = '65.5\n65.98\n\n'
    const bare = await varve(['hash-object', '--type', 'float64', '--stdin'], { input })
    expect(bare.stdout).toBe(`${v}\n`)
    const blob = await varve(['hash-object', '--stdin'], { input: 'hello\n' })
    expect(blob.stdout).toBe('2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4\n')
  })

  it('reads several files, and names of files', async () => {
    const ids = await lines('hash-object', 'a.csv', 'a.csv')
    expect(ids).toHaveLength(2)
    const { stdout } = await run(['hash-object', '--stdin-paths'], { input: 'a.csv\na.csv\n' })
    expect(stdout).toBe(`${ids.join('\n')}\n`)
  })

  it('says what it stored as JSON', async () => {
    const input = 'a\n""\n\n'
    const { stdout } = await run(['hash-object', '-w', '-t', 'string', '--stdin', '--json'], {
      input,
    })
    const stored = JSON.parse(stdout)
    expect(stored).toMatchObject({ kind: 'column', rows: 3 })
    expect((await run(['cat-blob', stored.id])).stdout).toBe(input)
    expect(JSON.parse((await run(['cat-blob', stored.id, '--json'])).stdout)).toEqual([
      'a',
      '',
      null,
    ])
  })

  it.each([
    [['hash-object'], '', 'nothing to hash', 2],
    [['hash-object', '--stdin', '--type', 'float'], '', 'no column type "float"', 4],
    [['hash-object', '--stdin', '-t', 'int8'], '1\n300\n', '<stdin>:2:1', 4],
    [['hash-object', '--null', 'NA', '--stdin'], '', 'needs', 2],
    [['hash-object', 'absent'], '', 'absent', 3],
    [['mkseries', '--column', 'a:int8'], '', 'not a column', 2],
    [['mkseries'], '', 'it takes --column', 2],
    [['mktree'], 'series abc\n', 'line 1 is not an entry', 4],
    [['cat-blob', 'HEAD'], '', 'is a commit', 4],
    [['cat-blob', 'HEAD:brent-daily'], '', 'is a series', 4],
    [['cat-blob', 'HEAD:brent-daly/Price'], '', 'brent-daily', 3],
    [['cat-object', '-t', 'HEAD', 'HEAD'], '', 'one object', 2],
    [['cat-object', 'trees', 'HEAD'], '', 'no kind', 2],
    [['ls-tree', 'nothing'], '', 'nothing', 3],
    [['update-ref', 'main', 'HEAD'], '', 'refs/heads/main', 4],
    [['symbolic-ref', 'HEAD', 'refs/tags/x'], '', 'branch', 6],
  ])('and others refuse %j', async (args, input, message, code) => {
    const { stderr, exitCode } = await run(args, { input })
    expect(stderr).toContain(message)
    expect(exitCode).toBe(code)
  })
})

describe('reading values', () => {
  it('takes REV:SERIES/COLUMN, null texts and NUL', async () => {
    const [, v] = made.ids
    expect(await lines('cat-blob', 'HEAD:brent-daily/Price')).toEqual(['65.5', '65.98', ''])
    expect(await lines('cat-blob', 'HEAD:brent-daily/Date')).toContain('2026-08-17')
    expect(await lines('cat-blob', v.slice(0, 8), '--null', 'NA')).toEqual(['65.5', '65.98', 'NA'])
    expect((await run(['cat-blob', v, '-z'])).stdout).toBe('65.5\0' + '65.98\0\0')
  })

  it('stops quietly when nobody reads on', async () => {
    const values = Array.from({ length: 200_000 }, (_, i) => i).join('\n')
    const { stdout } = await run(['hash-object', '-w', '-t', 'int32', '--stdin'], { input: values })
    const script = `varve cat-blob ${stdout.trim()} | head -1; echo "\${PIPESTATUS[0]}"`
    expect(await shell(script, made.root)).toBe('0\n141')
  })
})

describe('cat-object', () => {
  it('tells the same as JSON', async () => {
    const json = async (...args: string[]) => JSON.parse((await lines(...args, '--json')).join(''))
    const text = (await lines('cat-object', '-p', 'HEAD')).join('\n')
    const shown = await json('cat-object', '-p', 'HEAD')
    expect(shown).toMatchObject({ kind: 'commit', text: expect.stringContaining(text) })
    const tree = await json('cat-object', 'tree', 'HEAD')
    expect(tree).toMatchObject({ name: 'HEAD', kind: 'tree' })
    expect(tree.id).toBe((await lines('rev-parse', 'HEAD^{tree}')).join(''))
    expect(Buffer.from(tree.base64, 'base64').length).toBe(tree.size)
  })

  it('answers kinds, sizes and presence', async () => {
    expect(await lines('cat-object', '-t', 'HEAD')).toEqual(['commit'])
    expect(await lines('cat-object', '-s', made.ids[1])).toEqual(['40'])
    expect((await run(['cat-object', '-e', 'HEAD'])).exitCode).toBe(0)
    expect(await run(['cat-object', '-e', 'f'.repeat(64)])).toEqual({
      stdout: '',
      stderr: '',
      exitCode: 1,
    })
  })

  it('answers many in a batch', async () => {
    const [t, v, s] = made.ids
    const input = `${t}\nHEAD:brent-daily\nnothing\n${'0'.repeat(64)}\n`
    const { stdout } = await run(['cat-object', '--batch-check'], { input })
    const [, , size] = stdout.split('\n')[1]!.split(' ')
    expect(stdout.split('\n')).toEqual([
      `${t} column 20`,
      `${s} series ${size}`,
      'nothing missing',
      `${'0'.repeat(64)} missing`,
      '',
    ])
    const json = await run(['cat-object', '--batch', '--json'], { input: `${v}\nnothing\n` })
    const [first, second] = json.stdout.trimEnd().split('\n')
    expect(JSON.parse(first!)).toMatchObject({ name: v, id: v, kind: 'column', size: 40 })
    expect(JSON.parse(second!)).toEqual({ name: 'nothing', missing: true })
    const plain = await run(['cat-object', '--batch'], { input: 'HEAD\n' })
    expect(plain.stdout).toMatch(/^\w{64} commit \d+\ntree \w{64}\n[\s\S]*by hand\n\n$/)
  })
})

describe('trees', () => {
  it('list and make each other', async () => {
    const [, , s, tree] = made.ids
    const input = `series ${s}\ta/b\nseries ${s}\t"\\303\\244"\ntree ${tree}\tsub\n`
    const deeper = (await run(['mktree'], { input })).stdout.trim()
    const listed = (await run(['ls-tree', '-r', '-t', deeper])).stdout
    expect(listed.split('\n').map((line) => line.split('\t')[1])).toEqual([
      'a',
      'a/b',
      'sub',
      'sub/brent-daily',
      '"\\303\\244"',
      undefined,
    ])
    expect((await run(['mktree'], { input: listed })).stdout.trim()).toBe(deeper)
    const zero = (await run(['ls-tree', '-z', deeper])).stdout
    expect(zero).toContain(`series ${s}\tä\0`)
    expect((await run(['mktree', '-z'], { input: zero })).stdout.trim()).toBe(deeper)
    expect(await lines('ls-tree', '--name-only', deeper, 'sub/')).toEqual(['sub/brent-daily'])
    expect(await lines('ls-tree', '-l', tree)).toEqual([
      `series ${s}         3 2026-08-14 2026-08-18\tbrent-daily`,
    ])
    const json = await run(['ls-tree', '-l', '--json', tree])
    expect(JSON.parse(json.stdout)).toEqual({
      path: 'brent-daily',
      kind: 'series',
      id: s,
      rows: 3,
      first: ['2026-08-14'],
      last: ['2026-08-18'],
    })
    expect(await lines('diff-tree', tree, deeper)).toEqual([
      expect.stringMatching(/^:0 tree 0{64} \w{64} A\ta$/),
      `:series 0 ${s} ${'0'.repeat(64)} D\tbrent-daily`,
      `:0 tree ${'0'.repeat(64)} ${tree} A\tsub`,
      `:0 series ${'0'.repeat(64)} ${s} A\t"\\303\\244"`,
    ])
    expect(await lines('diff-tree', '-r', '--name-status', tree, deeper, 'sub')).toEqual([
      'A\tsub/brent-daily',
    ])
    expect((await run(['diff-tree', '--exit-code', tree, deeper])).exitCode).toBe(1)
    expect((await run(['diff-tree', '--exit-code', tree, tree])).exitCode).toBe(0)
  })

  it('of a commit are compared with its parents', async () => {
    const [, , s, , c] = made.ids
    expect(await lines('diff-tree', 'HEAD')).toEqual([])
    expect(await lines('diff-tree', '--root', '--name-only', 'HEAD')).toEqual([c, 'brent-daily'])
    expect(
      await lines('diff-tree', '--root', '--no-commit-id', '-r', 'HEAD', 'brent-daily'),
    ).toEqual([`:0 series ${'0'.repeat(64)} ${s} A\tbrent-daily`])
  })
})

describe('refs and revisions', () => {
  it('are listed, asked and moved', async () => {
    const [, , , tree, c] = made.ids
    const next = (await lines('commit-tree', tree, '-p', 'HEAD', '-m', 'two', '-m', 'more'))[0]!
    expect(await lines('cat-object', '-p', next)).toContain(`parent ${c}`)
    await lines('update-ref', 'refs/heads/side', next, '')
    const again = await run(['update-ref', 'refs/heads/side', c, ''])
    expect(again.exitCode).toBe(5)
    expect(await lines('show-ref')).toEqual([`${c} refs/heads/main`, `${next} refs/heads/side`])
    expect(await lines('show-ref', '--hash=8', 'side')).toEqual([next.slice(0, 8)])
    expect(await run(['show-ref', '--verify', '-q', 'refs/heads/x'])).toMatchObject({
      stderr: '',
      exitCode: 1,
    })
    const format = '%(refname:short) %(subject)%(HEAD)'
    expect(await lines('for-each-ref', '--format', format, '--sort=-refname')).toEqual([
      'side two ',
      'main by hand*',
    ])
    const author = { name: 'Ada Lovelace', email: 'ada@example.com', date: '2023-11-14T22:13:20Z' }
    const commit = { tree, author, committer: author }
    const [side, listed] = [
      await lines('for-each-ref', '--json', 'refs/heads/side'),
      await lines('rev-list', '--json', '-1', 'side'),
    ].map(([line]) => JSON.parse(line!))
    expect(side).toMatchObject({ ref: 'refs/heads/side', name: 'side', id: next, commit })
    expect(listed).toMatchObject({ id: next, ...commit, parents: [c] })
    expect(
      JSON.parse((await lines('commit-tree', tree, '-p', c, '-m', 'x', '--json'))[0]!),
    ).toMatchObject({ ...commit, parents: [c] })
    const nul = await run(['for-each-ref', '--format=%(refname)%00'])
    expect(nul.stdout).toBe('refs/heads/main\0refs/heads/side\0')
    expect(await lines('rev-list', 'main..side')).toEqual([next])
    expect(await lines('rev-list', '--count', '--all')).toEqual(['2'])
    expect(await lines('rev-list', 'side', '--', 'brent-daily')).toEqual([c])
    expect(await lines('rev-list', '--parents', '-1', '--timestamp', 'side')).toEqual([
      `1700000000 ${next} ${c}`,
    ])
    expect(await lines('merge-base', 'main', 'side')).toEqual([c])
    expect((await run(['merge-base', '--is-ancestor', 'side', 'main'])).exitCode).toBe(1)
    expect(await lines('rev-parse', '--short', 'side~1')).toEqual([c.slice(0, 7)])
    expect(await lines('rev-parse', '--abbrev-ref', 'HEAD')).toEqual(['main'])
    expect(await lines('rev-parse', '--is-bare-repository')).toEqual(['false'])
    expect(await run(['rev-parse', '--verify', '-q', 'nothing'])).toEqual({
      stdout: '',
      stderr: '',
      exitCode: 1,
    })
    expect(await lines('symbolic-ref', '--short', 'HEAD')).toEqual(['main'])
    const moves = `create refs/heads/new ${c}\nupdate refs/heads/side ${c} ${next}\n`
    expect((await run(['update-ref', '--stdin'], { input: moves })).exitCode).toBe(0)
    const bad = `delete refs/heads/new\ndelete refs/heads/side ${next}\n`
    expect((await run(['update-ref', '--stdin'], { input: bad })).exitCode).toBe(5)
    expect(await lines('for-each-ref', '--format=%(refname)', 'refs/heads/new')).toHaveLength(1)
    await lines('update-ref', '-d', 'refs/heads/new', c)
    await lines('update-ref', '-d', 'refs/heads/side')
    expect(await lines('show-ref')).toEqual([`${c} refs/heads/main`])
  })

  it('have names that can be checked', async () => {
    expect((await varve(['check-ref-format', 'refs/heads/a'])).exitCode).toBe(0)
    expect(await varve(['check-ref-format', 'refs/heads/a..b'])).toEqual({
      stdout: '',
      stderr: '',
      exitCode: 1,
    })
    expect((await varve(['check-ref-format', '--branch', 'a/b'])).stdout).toBe('a/b\n')
    const { stdout } = await varve(['check-ref-format', '--json', 'a'])
    expect(JSON.parse(stdout)).toMatchObject({ name: 'a', valid: false })
  })
})

describe('the index', () => {
  it('takes stored series and gives a tree', async () => {
    const [, , s, tree, c] = made.ids
    expect(await lines('ls-files')).toEqual(['brent-daily'])
    await lines('update-index', '--cacheinfo', `series,${s},a,b`, '--cacheinfo', `series,${s},ä`)
    await lines('update-index', '--add', '--cacheinfo', 'series', s, 'c/d')
    expect(await lines('ls-files', '-s')).toEqual([
      `series ${s}\ta,b`,
      `series ${s}\tbrent-daily`,
      `series ${s}\tc/d`,
      `series ${s}\t"\\303\\244"`,
    ])
    expect(await lines('diff-tree', '-r', '--name-only', 'HEAD', ':')).toHaveLength(3)
    const input = `0 ${'0'.repeat(64)}\tc\nseries ${'0'.repeat(64)}\ta,b\n`
    expect((await run(['update-index', '--index-info'], { input })).exitCode).toBe(0)
    expect(await lines('ls-files', '-o')).toEqual(['a.csv'])
    await lines('update-index', '--remove', 'ä', 'nothing')
    expect(await lines('write-tree')).toEqual([tree])
    await lines('read-tree', '--prefix=old/', c)
    expect(await lines('ls-files', 'old')).toEqual(['old/brent-daily'])
    expect(await lines('write-tree', '--prefix=old/')).toEqual([tree])
    await lines('read-tree', '--empty')
    expect(await lines('ls-files')).toEqual([])
    await lines('read-tree', '-u', 'HEAD')
    expect(await lines('write-tree')).toEqual([tree])
  })

  it.each([
    [['update-index'], '', 'nothing to do', 2],
    [['update-index', '--refresh', 'a'], '', '--refresh takes no paths', 2],
    [['update-index', '--cacheinfo', 'series,abc,a'], '', 'not an object id', 4],
    [['update-index', '--cacheinfo', `series,${'f'.repeat(64)},a`], '', 'no object', 3],
    [['update-index', '--cacheinfo', `series,${'f'.repeat(64)},a/../b`], '', 'a/../b', 4],
    [['update-index', '--index-info'], 'series x\n', 'line 1', 4],
    [['read-tree'], '', 'either a tree, or --empty', 2],
    [['write-tree', '--prefix=x'], '', 'no series "x" in the index', 3],
  ])('refuses %j', async (args, input, message, code) => {
    const { stderr, exitCode } = await run(args, { input })
    expect(stderr).toContain(message)
    expect(exitCode).toBe(code)
  })
})

describe('count-objects', () => {
  it('counts packs and objects', async () => {
    expect((await lines('count-objects'))[0]).toMatch(/^\d+ objects, \d+ kilobytes$/)
    const verbose = await lines('count-objects', '-v')
    expect(verbose).toContainEqual(expect.stringMatching(/^commit: \d+ objects, /))
    const { published } = JSON.parse((await run(['count-objects', '--json'])).stdout)
    expect(published.packs).toBeGreaterThan(0)
  })
})

describe('help', () => {
  it.each(['hash-object', 'cat-object', 'rev-list'])('explains %s', async (name) => {
    const { stdout, exitCode } = await varve([name, '--help'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`varve ${name}`)
  })
})

describe('objects in a pack', () => {
  it('go from one repository to another', async () => {
    const other = await newWorkTree()
    const script = `set -eu -o pipefail
varve rev-list --objects main | varve pack-objects "${other}/p" > name
varve index-pack "${other}/p-$(cat name).pack" | diff name -
cd "${other}"
varve unpack-objects --json < p-*.pack; varve index-pack --stdin < p-*.pack
varve update-ref refs/heads/main ${made.ids[4]}; varve rev-list --objects main --count
cd - > /dev/null; echo main | varve pack-objects --revs --stdout | varve -C "${other}" unpack-objects --json -n
`
    const [unpacked, indexed, count, again] = (await shell(script, made.root)).split('\n')
    expect(JSON.parse(unpacked!)).toMatchObject({ objects: 5, stored: 5 })
    expect(indexed).toMatch(/^pack\t[0-9a-f]{64}$/)
    expect(count).toBe('5')
    expect(JSON.parse(again!)).toEqual({ objects: 5, stored: 0, pack: null })
  })

  it.each([
    [['pack-objects'], 2, 'missing <base-name>'],
    [['pack-objects', 'x', '--stdout'], 2, '--stdout takes no name of a file'],
    [['pack-objects', '--stdout', '--json'], 2, '--json goes with <base-name>'],
    [['index-pack'], 2, 'missing <file>'],
    [['index-pack', 'x', '--stdin'], 2, '--stdin takes no file'],
    [['index-pack', 'x'], 3, 'no file'],
    [['unpack-objects'], 7, 'standard input: '],
    [['unpack-objects', '--max-input-size', 'many'], 2, 'expected a whole number'],
    [['rev-list', '--objects', '-n1', 'main'], 2, 'cannot be given together'],
    [['rev-list', '--objects', 'main', '--', 'brent-daily'], 2, '--objects takes no series'],
  ])('%j is refused', async (args, code, message) => {
    const { stderr, exitCode } = await run(args)
    expect(stderr).toContain(message)
    expect(exitCode).toBe(code)
  })
})

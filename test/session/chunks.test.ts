import t from 'tap'
import { chunkName, groupChunks, joinChunks, splitIntoChunks } from '../../src/session/chunks.ts'

const split = (sealed: string, room: number) => splitIntoChunks(sealed, 7, room, 9) ?? []
const one = (values: readonly string[]) => values.map((value) => [value])

t.test('every size from 0 to 20,000 characters survives the round trip', (t) => {
  const text = Array.from({ length: 20_000 }, (_, index) => (index % 36).toString(36)).join('')
  for (let size = 0; size <= text.length; size++) {
    const sealed = text.slice(0, size)
    const chunks = split(sealed, 4000)
    if (chunks.some((chunk) => chunk.length > 4000 || chunk.length === 0)) t.fail(`a bad chunk at ${size}`)
    const [candidate] = joinChunks(one(chunks))
    if (candidate?.sealed !== sealed || candidate.generation !== 7) t.fail(`lost at ${size}`)
  }
  t.end()
})

t.test('fills chunks to the last character before it begins another', (t) => {
  t.same(split('a'.repeat(96), 100).length, 1)
  t.same(split('a'.repeat(97), 100).length, 2)
  t.same(split('a'.repeat(196), 100).length, 2)
  t.same(split('a'.repeat(197), 100).length, 3)
  t.end()
})

t.test('gives up when there would be too many', (t) => {
  t.equal(splitIntoChunks('a'.repeat(397), 7, 100, 4), undefined)
  t.equal(splitIntoChunks('a'.repeat(396), 7, 100, 4)?.length, 4)
  t.end()
})

t.test('joins nothing when a chunk is missing, one too many, or out of order', (t) => {
  const [a = '', b = '', c = ''] = split('abcdefgh', 4)
  const joined = (...groups: string[][]) => joinChunks(groups)
  t.equal(joined([a], [b], [c]).length, 1)
  t.same(joined([a], [b]), [])
  t.same(joined([a], [], [c]), [])
  t.same(joined([], [b], [c]), [])
  t.same(joined([a], [b], [c], ['x']), [])
  t.same(joined([b], [a], [c]), [])
  t.same(joined([]), [])
  t.end()
})

t.test('takes the header in its one spelling only', (t) => {
  for (const header of [
    '07.1.',
    '7.01.',
    '-7.1.',
    '7.0.',
    '1e1.1.',
    '7.10.',
    '.1.',
    '7..',
    '7.1',
    '9999999999.1.',
  ]) {
    t.same(joinChunks([[`${header}abc`]]), [], header)
  }
  t.same(joinChunks([['0.1.abc']]), [{ generation: 0, sealed: 'abc' }])
  t.end()
})

t.test('tries the duplicates in every combination, up to a limit', (t) => {
  const good = split('abcdefghijklmn', 6)
  const groups = good.map((chunk) => [chunk.replace(/.$/, '!'), chunk])
  const texts = joinChunks(groups).map(({ sealed }) => sealed)
  t.ok(texts.includes('abcdefghijklmn'))
  t.equal(texts.length, 8)
  const flood = Array.from({ length: 9 }, () => ['1.9.', ...Array.from({ length: 99 }, () => 'x')])
  t.ok(joinChunks(flood).length <= 32)
  t.end()
})

t.test('groups cookies by index and refuses odd ones', (t) => {
  const cookie = (suffix: string, value = 'v') => ({ suffix, value })
  t.same(groupChunks([cookie('.1', 'b'), cookie('', 'a'), cookie('.1', 'c')]), [['a'], ['b', 'c']])
  t.same(groupChunks([cookie('.2')]), [[], [], ['v']])
  for (const suffix of ['.00', '.0', '.01', '.1e1', '.-1', '.9', '.10000', '.', '.1.1', '.x', '.1 ']) {
    t.equal(groupChunks([cookie(''), cookie(suffix)]), undefined, suffix)
  }
  t.end()
})

t.test('names chunks', (t) => {
  t.equal(chunkName('postern', 0), 'postern')
  t.equal(chunkName('postern', 2), 'postern.2')
  t.end()
})

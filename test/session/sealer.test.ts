import { hkdfSync } from 'node:crypto'
import secureSession from '@fastify/secure-session'
import fastify from 'fastify'
import t from 'tap'
import { createSealer } from '../../src/session/sealer.ts'

const oldKey = Buffer.alloc(32, 1)
const newKey = Buffer.alloc(32, 2)

t.test('opens what it sealed, and the text suits a cookie', async (t) => {
  const sealer = await createSealer([oldKey], ['session', 'login'])
  const sealed = sealer.seal('session', { name: 'Zoë', list: [1, 2] })
  t.match(sealed, /^[\w-]+$/)
  t.same(sealer.open('session', sealed), { value: { name: 'Zoë', list: [1, 2] }, isStale: false })
  t.not(sealer.seal('session', { a: 1 }), sealer.seal('session', { a: 1 }), 'no two seals are equal')
})

t.test('opens no seal for another purpose', async (t) => {
  const sealer = await createSealer([oldKey], ['session', 'login'])
  t.equal(sealer.open('login', sealer.seal('session', { a: 1 })), undefined)
})

t.test('opens no seal whose inside names another purpose', async (t) => {
  const key = Buffer.from(hkdfSync('sha256', oldKey, '', 'postern session', 32))
  const forger = fastify()
  await forger.register(secureSession, [{ sessionName: 'forged', key }])
  await forger.ready()
  const seal = (purpose: string) => {
    const parts = forger.encodeSecureSession(forger.createSecureSession({ purpose, value: {} })).split(';')
    return Buffer.concat(parts.reverse().map((part) => Buffer.from(part, 'base64'))).toString('base64url')
  }
  const sealer = await createSealer([oldKey], ['session'])
  t.equal(sealer.open('session', seal('login')), undefined)
  t.same(
    sealer.open('session', seal('session')),
    { value: {}, isStale: false },
    'the forgery is otherwise sound',
  )
})

t.test('opens nothing that was changed, cut or lengthened', async (t) => {
  const sealer = await createSealer([oldKey], ['session'])
  for (const padding of ['', 'x', 'xx']) {
    const sealed = sealer.seal('session', { a: padding })
    const opens = (text: string) => sealer.open('session', text) !== undefined
    t.ok(opens(sealed))
    for (let end = 0; end < sealed.length; end++) {
      if (opens(sealed.slice(0, end))) t.fail(`opened the first ${end} characters`)
      const other = sealed[end] === 'A' ? 'B' : 'A'
      if (opens(sealed.slice(0, end) + other + sealed.slice(end + 1))) t.fail(`opened with ${end} changed`)
    }
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const text = sealed.slice(0, -1) + letter
      if (text !== sealed && opens(text)) t.fail(`opened with unused bits ${letter}`)
    }
    for (const tail of ['A', '=', '==', ' ', '.', '\n', ';', sealed]) t.notOk(opens(sealed + tail))
    t.notOk(opens(Buffer.from(sealed, 'base64url').toString('base64').replaceAll('-', '+').concat('=')))
  }
})

t.test('never throws on garbage', async (t) => {
  const sealer = await createSealer([oldKey], ['session'])
  for (const text of ['', 'A', ';', 'a;b', '💥', '\0', 'A'.repeat(31), 'A'.repeat(32), 'A'.repeat(20_000)]) {
    t.equal(sealer.open('session', text), undefined)
  }
})

t.test('opens with every key of the ring, and says when it was not the first', async (t) => {
  const before = await createSealer([oldKey], ['session'])
  const sealed = before.seal('session', { a: 1 })
  const rotated = await createSealer([newKey, oldKey], ['session'])
  t.same(rotated.open('session', sealed), { value: { a: 1 }, isStale: true })
  t.same(rotated.open('session', rotated.seal('session', { a: 1 })), { value: { a: 1 }, isStale: false })
  const removed = await createSealer([newKey], ['session'])
  t.equal(removed.open('session', sealed), undefined)
})

t.test('takes no empty ring and no key of another length, also beside a good one', async (t) => {
  await t.rejects(createSealer([], ['session']), RangeError)
  await t.rejects(createSealer([newKey, Buffer.alloc(16)], ['session']), RangeError)
})

t.test('knows only the purposes it was made for', async (t) => {
  const sealer = await createSealer([oldKey], ['session'])
  t.throws(() => sealer.seal('other', {}))
})

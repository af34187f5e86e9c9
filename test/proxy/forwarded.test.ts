import t from 'tap'
import { createTrust } from '../../src/proxy/forwarded.ts'

const trust = createTrust(['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '2001:db8::1'])

t.test('single addresses and ranges of both kinds are trusted, and nothing else', async (t) => {
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.1', 'fd00::1', '2001:db8::1']) {
    t.ok(trust.isTrusted(address), address)
    t.ok(trust.isTrusted(address), `${address}, remembered`)
  }
  for (const address of ['11.0.0.1', '192.0.2.2', 'fe00::1', '2001:db8::2', 'junk', '', undefined]) {
    t.notOk(trust.isTrusted(address), String(address))
  }
})

t.test('nobody is trusted by default', async (t) => {
  const nobody = createTrust([])
  t.notOk(nobody.isTrusted('127.0.0.1'))
  t.same(nobody.clientOf('127.0.0.1', '1.2.3.4'), { address: '127.0.0.1', chain: '127.0.0.1' })
})

t.test('the client of an untrusted peer is the peer, whatever it claims', async (t) => {
  t.same(trust.clientOf('203.0.113.9', '1.2.3.4'), { address: '203.0.113.9', chain: '203.0.113.9' })
})

t.test('the client is the right-most address that is not a trusted proxy', async (t) => {
  t.same(trust.clientOf('10.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.2'), {
    address: '203.0.113.9',
    chain: '203.0.113.9, 10.0.0.2, 10.0.0.1',
  })
})

t.test('a chain of trusted proxies alone ends at its left', async (t) => {
  t.same(trust.clientOf('10.0.0.1', '10.0.0.3,10.0.0.2'), {
    address: '10.0.0.3',
    chain: '10.0.0.3, 10.0.0.2, 10.0.0.1',
  })
  t.same(trust.clientOf('10.0.0.1', undefined), { address: '10.0.0.1', chain: '10.0.0.1' })
})

t.test('junk ends the search', async (t) => {
  for (const junk of ['evil', '', '1.2.3', '0x7f.1', '1.2.3.4.5', '203.0.113.9;x', '2130706433']) {
    t.same(trust.clientOf('10.0.0.1', `1.1.1.1, ${junk}, 10.0.0.2`), {
      address: '10.0.0.2',
      chain: '10.0.0.2, 10.0.0.1',
    })
  }
})

t.test('mapped addresses and ports are read through', async (t) => {
  t.equal(trust.clientOf('::ffff:10.0.0.1', '::ffff:203.0.113.9').address, '203.0.113.9')
  t.equal(trust.clientOf('10.0.0.1', '203.0.113.9:4711').address, '203.0.113.9')
  t.equal(trust.clientOf('10.0.0.1', '[2001:db8::9]:4711').address, '2001:db8::9')
  t.equal(trust.clientOf('10.0.0.1', '[2001:db8::9]').address, '2001:db8::9')
})

t.test('a peer without an address has none', async (t) => {
  t.same(trust.clientOf(undefined, '1.2.3.4'), { address: '', chain: '' })
})

t.test('what is remembered about addresses stays bounded', async (t) => {
  const small = createTrust(['10.0.0.0/8'])
  for (let i = 0; i < 2_500; i += 1) small.isTrusted(`203.0.${i >> 8}.${i & 255}`)
  t.ok(small.isTrusted('10.0.0.1'))
})

t.test('the scheme is believed of a trusted peer that names one', async (t) => {
  t.equal(trust.schemeOf('10.0.0.1', 'https'), 'https')
  t.equal(trust.schemeOf('10.0.0.1', 'http'), 'http')
  t.equal(trust.schemeOf('10.0.0.1', 'https, http'), undefined)
  t.equal(trust.schemeOf('10.0.0.1', 'wss'), undefined)
  t.equal(trust.schemeOf('10.0.0.1', undefined), undefined)
  t.equal(trust.schemeOf('203.0.113.9', 'https'), undefined)
})

t.test('the host is believed of a trusted peer that names one valid one', async (t) => {
  t.equal(trust.hostOf('10.0.0.1', 'App.Example.com:8443'), 'app.example.com:8443')
  t.equal(trust.hostOf('10.0.0.1', '[::1]:80'), '[::1]:80')
  for (const bad of ['a, b', 'a@b', 'a/b', '', 'a:b', 'a b', '..'])
    t.equal(trust.hostOf('10.0.0.1', bad), undefined, bad)
  t.equal(trust.hostOf('10.0.0.1', undefined), undefined)
  t.equal(trust.hostOf('203.0.113.9', 'app.example.com'), undefined)
})

import fc from 'fast-check'
import t from 'tap'
import { type OriginalRequest, type OriginalSource, readOriginal } from '../../src/core/original-request.ts'

type Lines = readonly (readonly [name: string, value: string])[]

const sources: readonly OriginalSource[] = ['nginx', 'ingress-nginx', 'forwarded', 'path']
const host = 'app.example.com'
const target = '/orders?x=1&y=%2F'

/** What a proxy of each kind sends about one request, beside the Host of the check. */
const complete: Readonly<Record<OriginalSource, Lines>> = {
  nginx: [
    ['Host', host],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Method', 'POST'],
    ['X-Forwarded-Uri', target],
  ],
  'ingress-nginx': [
    ['Host', 'auth.internal:4180'],
    ['X-Original-URL', `https://${host}${target}`],
    ['X-Original-Method', 'POST'],
  ],
  forwarded: [
    ['Host', 'auth.internal:4180'],
    ['X-Forwarded-Method', 'POST'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', target],
  ],
  path: [
    ['host', host],
    ['x-forwarded-proto', 'https'],
  ],
}

const whole: OriginalRequest = { method: 'POST', scheme: 'https', host, target }

function read(source: OriginalSource, lines: Lines, changes: { method?: string; target?: string } = {}) {
  const own = source === 'path' ? { method: 'POST', target } : { method: 'GET', target: '' }
  return readOriginal(source, { ...own, ...changes, rawHeaders: lines.flat() })
}

/** The lines with one of them taken out, or given another value. */
const without = (lines: Lines, name: string): Lines =>
  lines.filter(([other]) => other.toLowerCase() !== name.toLowerCase())
const altered = (lines: Lines, name: string, value: string): Lines => [...without(lines, name), [name, value]]

for (const source of sources) {
  t.test(`${source}: reads what is told, whatever the case and order of the names`, async (t) => {
    const lines = complete[source]
    t.strictSame(read(source, lines), whole)
    t.strictSame(read(source, [...lines].reverse()), whole)
    for (const change of [(name: string) => name.toLowerCase(), (name: string) => name.toUpperCase()]) {
      t.strictSame(
        read(
          source,
          lines.map(([name, value]) => [change(name), value]),
        ),
        whole,
      )
    }
    t.strictSame(read(source, [['Cookie', 'a=b'], ...lines, ['X-Forwarded-For', '192.0.2.1']]), whole)
  })

  t.test(`${source}: each of its values must come once`, async (t) => {
    const lines = complete[source]
    for (const line of lines) {
      t.equal(read(source, [...lines, line]), 'original-repeated', `${line[0]} twice, the same`)
      t.equal(read(source, [[line[0], 'x'], ...lines]), 'original-repeated', `${line[0]} twice, another`)
      t.equal(read(source, [...lines, [line[0].toLowerCase(), 'x']]), 'original-repeated', line[0])
    }
    const more: Lines = [...lines, ['X-Original-URI', target]]
    t.strictSame(read(source, more), whole)
    t.equal(read(source, [...more, ['x-original-uri', target]]), 'original-repeated', 'of others as well')
  })

  t.test(`${source}: an underscore spelling is a conflict, even if it says the same`, async (t) => {
    for (const [name, value] of [
      ['X_Forwarded_Uri', target],
      ['x-forwarded_uri', target],
      ['X_FORWARDED_METHOD', 'POST'],
      ['X_Forwarded-Host', host],
      ['X_Forwarded_Proto', 'https'],
      ['x_original_url', `https://${host}${target}`],
      ['x-original_uri', target],
      ['X_ORIGINAL_METHOD', 'POST'],
    ] as const) {
      t.equal(read(source, [...complete[source], [name, value]]), 'original-conflict', name)
    }
    t.strictSame(
      read(source, [...complete[source], ['X_Forwarded_Us', '/x'], ['X.Forwarded.Uri', '/x']]),
      whole,
      'a name that nobody takes for one of them',
    )
  })

  t.test(`${source}: whatever else speaks of the request must say the same`, async (t) => {
    const agreeing: Lines = [
      ['X-Forwarded-Uri', target],
      ['X-Original-URI', target],
      ['X-Original-URL', target],
      ['X-Original-URL', `https://${host}${target}`],
      ['X-Original-URL', `http://${host}${target}`],
      ['X-Original-URL', `${host}${target}`],
      ['X-Original-Method', 'POST'],
      ['X-Forwarded-Method', 'POST'],
      ['X-Forwarded-Host', host],
      ['X-Forwarded-Host', host.toUpperCase()],
    ]
    const contradicting: Lines = [
      ['X-Forwarded-Uri', '/public'],
      ['X-Forwarded-Uri', ''],
      ['X-Forwarded-Uri', `${target}, ${target}`],
      ['X-Forwarded-Uri', target.toUpperCase()],
      ['X-Original-URI', '/public'],
      ['X-Original-URI', ''],
      ['X-Original-URL', '/public'],
      ['X-Original-URL', `https://${host}/public`],
      ['X-Original-URL', `https://evil.example${target}`],
      ['X-Original-URL', `https://${host}.evil.example${target}`],
      ['X-Original-URL', `https://evil@${host}${target}`],
      ['X-Original-URL', `https://${host}:444${target}`],
      ['X-Original-Method', 'GET'],
      ['X-Original-Method', ''],
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Host', `${host}, evil.example`],
      ['X-Forwarded-Host', ''],
    ]
    const own = new Set(complete[source].map(([name]) => name.toLowerCase()))
    for (const [name, value] of agreeing.filter(([name]) => !own.has(name.toLowerCase()))) {
      t.strictSame(read(source, [...complete[source], [name, value]]), whole, `${name}: ${value}`)
    }
    for (const [name, value] of contradicting.filter(([name]) => !own.has(name.toLowerCase()))) {
      t.equal(read(source, [...complete[source], [name, value]]), 'original-conflict', `${name}: ${value}`)
    }
  })

  t.test(`${source}: a method is capital letters`, async (t) => {
    const name = { nginx: 'X-Forwarded-Method', forwarded: 'X-Forwarded-Method' }[source as string]
    const withMethod = (method: string) =>
      source === 'path'
        ? read(source, complete[source], { method })
        : read(source, altered(complete[source], name ?? 'X-Original-Method', method))
    for (const method of ['GET', 'M-SEARCH', 'X'.repeat(32)])
      t.strictSame(withMethod(method), { ...whole, method })
    for (const method of [
      'get',
      'Get',
      'GET ',
      ' GET',
      'GET, POST',
      'GET\t',
      '-GET',
      'G3T',
      'GÉT',
      'X'.repeat(33),
    ]) {
      t.equal(withMethod(method), 'original-invalid', JSON.stringify(method))
    }
    t.equal(withMethod(''), source === 'forwarded' ? 'original-missing' : 'original-invalid')
  })
}

t.test('nginx: knows only where it goes when it is told no more', async (t) => {
  const bare: Lines = [
    ['Host', host],
    ['X-Forwarded-Uri', target],
  ]
  t.strictSame(read('nginx', bare), { method: undefined, scheme: undefined, host, target })
  t.equal(read('nginx', without(bare, 'Host')), 'original-missing')
  t.equal(read('nginx', without(bare, 'X-Forwarded-Uri')), 'original-missing')
  t.equal(
    read('nginx', [...bare, ['X-Forwarded-Host', 'evil.example']]),
    'original-conflict',
    'the two hosts must be one',
  )
  // Nothing that is said about a method which is not known makes anything weaker.
  t.strictSame(read('nginx', [...bare, ['X-Original-Method', 'GET']]), {
    method: undefined,
    scheme: undefined,
    host,
    target,
  })
})

t.test('nginx, forwarded, path: the scheme is told once, that of a WebSocket as such or not', async (t) => {
  for (const source of ['nginx', 'forwarded', 'path'] as const) {
    for (const [proto, scheme] of [
      ['http', 'http'],
      ['https', 'https'],
      ['ws', 'http'],
      ['wss', 'https'],
    ] as const) {
      t.strictSame(read(source, altered(complete[source], 'X-Forwarded-Proto', proto)), { ...whole, scheme })
    }
    for (const proto of ['HTTPS', 'https, http', 'ftp', 'https://', ' https', 'h2', '__proto__']) {
      t.equal(read(source, altered(complete[source], 'X-Forwarded-Proto', proto)), 'original-invalid', proto)
    }
    const empty = read(source, altered(complete[source], 'X-Forwarded-Proto', ''))
    t.equal(empty, source === 'forwarded' ? 'original-missing' : 'original-invalid')
  }
  for (const source of ['nginx', 'path'] as const) {
    const untold = read(source, without(complete[source], 'X-Forwarded-Proto'))
    t.strictSame(untold, { ...whole, scheme: undefined })
  }
})

t.test(
  'forwarded: all four are needed, and none may be empty; the Host of the check is nobody’s',
  async (t) => {
    for (const name of ['X-Forwarded-Method', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Uri']) {
      t.equal(read('forwarded', without(complete.forwarded, name)), 'original-missing', `no ${name}`)
      t.equal(read('forwarded', altered(complete.forwarded, name, '')), 'original-missing', `${name} empty`)
    }
    t.strictSame(read('forwarded', without(complete.forwarded, 'Host')), whole)
    t.strictSame(read('forwarded', altered(complete.forwarded, 'Host', 'evil.example')), whole)
  },
)

t.test('ingress-nginx: the address is scheme, host and path, and the method comes beside it', async (t) => {
  const lines = complete['ingress-nginx']
  t.equal(read('ingress-nginx', without(lines, 'X-Original-URL')), 'original-missing')
  t.equal(read('ingress-nginx', without(lines, 'X-Original-Method')), 'original-missing')
  t.equal(
    read('ingress-nginx', complete.forwarded),
    'original-missing',
    'another proxy’s headers will not do',
  )
  for (const url of [
    '',
    '/orders',
    '//app.example.com/orders',
    'https:/app.example.com/orders',
    'https:///orders',
    'https://app.example.com',
    'https://app.example.com?x=1',
    'https://app.example.com#/orders',
    'HTTPS://app.example.com/orders',
    'ftp://app.example.com/orders',
    ' https://app.example.com/orders',
    'https://?/orders',
  ]) {
    t.equal(read('ingress-nginx', altered(lines, 'X-Original-URL', url)), 'original-invalid', url)
  }
  for (const [url, host, target] of [
    ['http://app.example.com:8080/', 'app.example.com:8080', '/'],
    ['https://a@b.example/x', 'a@b.example', '/x'],
    ['https://app.example.com//x?y=https://z/', 'app.example.com', '//x?y=https://z/'],
    ['https://app.example.com/a\u00e9\n?', 'app.example.com', '/a\u00e9\n?'],
  ] as const) {
    const scheme = url.startsWith('https') ? 'https' : 'http'
    t.strictSame(
      read('ingress-nginx', altered(lines, 'X-Original-URL', url)),
      { method: 'POST', scheme, host, target },
      `${url}: what is wrong with these is found out later`,
    )
  }
})

t.test('path: the check is the request, and it must have a path', async (t) => {
  t.equal(read('path', complete.path, { target: '' }), 'original-missing')
  t.equal(read('path', without(complete.path, 'Host')), 'original-missing')
  t.strictSame(read('path', complete.path, { target: '/', method: 'GET' }), {
    ...whole,
    target: '/',
    method: 'GET',
  })
})

const about = fc.constantFrom(
  'Host',
  'X-Forwarded-Uri',
  'X-Forwarded-Method',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Original-URL',
  'X-Original-URI',
  'X-Original-Method',
)
const spelled = fc
  .tuple(about, fc.constantFrom('as it is', 'lower', 'upper', 'underscores'))
  .map(([name, how]) => {
    if (how === 'lower') return name.toLowerCase()
    if (how === 'upper') return name.toUpperCase()
    return how === 'underscores' ? name.replaceAll('-', '_') : name
  })
const said = fc.constantFrom(
  ...['/a', '/b', '/a?b', 'GET', 'POST', 'https', 'http', host, 'b.example', '', '/a, /b'],
  ...[`https://${host}/a`, `http://b.example/a`, `https://${host}/b`, `${host}/a`],
)
const anyLines = fc.array(fc.tuple(spelled, said), { maxLength: 10 })

/** Every target, method and host that some reader of these headers could believe. */
function believed(lines: Lines, names: readonly string[]): Set<string> {
  const found = lines.filter(([name]) => names.includes(name.toLowerCase().replaceAll('_', '-')))
  return new Set(found.map(([, value]) => value))
}

t.test('no set of headers makes it read something else than any header that speaks of it', async (t) => {
  let accepted = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...sources),
      anyLines,
      fc.constantFrom('/a', '/b', ''),
      (source, some, path) => {
        const lines: Lines = [
          ...complete[source].filter(([name]) => !some.some(([other]) => same(name, other))),
        ]
        const all = [...lines, ...some]
        const original = read(source, all, source === 'path' ? { target: path } : {})
        // What is no path is read as it stands, and refused by the canonical path that is asked for next.
        if (typeof original === 'string' || !original.target.startsWith('/')) return
        accepted += 1
        const targets = believed(all, ['x-forwarded-uri', 'x-original-uri'])
        const urls = [...believed(all, ['x-original-url'])].map(
          (url) => /^(?:https?:\/\/)?[^/]*(.*)$/.exec(url)?.[1],
        )
        for (const other of [...targets, ...urls]) {
          if (other !== original.target) throw new Error(`${other} is not ${original.target}`)
        }
        for (const url of believed(all, ['x-original-url'])) {
          const [, named] = /^(?:https?:\/\/)?([^/]+)\//.exec(url) ?? []
          if (named !== undefined && named !== original.host)
            throw new Error(`${named} is not ${original.host}`)
        }
        for (const other of believed(all, ['x-forwarded-method', 'x-original-method'])) {
          if (original.method !== undefined && other !== original.method)
            throw new Error(`${other} is another method`)
        }
        for (const other of believed(all, ['x-forwarded-host'])) {
          if (other.toLowerCase() !== original.host.toLowerCase()) throw new Error(`${other} is another host`)
        }
        const names = some.map(([name]) => name.toLowerCase())
        if (new Set(names).size < names.length) throw new Error('one of two was picked')
        if (names.some((name) => name.includes('_')))
          throw new Error('a spelling that others read was not looked at')
      },
    ),
    { numRuns: 20_000 },
  )
  t.ok(accepted > 500, `${accepted} sets are read`)
})

function same(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase().replaceAll('_', '-')
}

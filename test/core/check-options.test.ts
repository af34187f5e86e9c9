import fc from 'fast-check'
import t from 'tap'
import { meets, readCheckOptions } from '../../src/core/check-options.ts'
import type { Claims } from '../../src/core/session.ts'

t.test('a query without any of its own asks for nothing', async (t) => {
  t.strictSame(readCheckOptions(''), {})
  for (const query of [
    '?',
    '?x=1',
    '?rd=/x&mode',
    '?Allowed_groups=a',
    '?allowed_groups[]=a',
    '?mode=status',
  ]) {
    t.strictSame(readCheckOptions(query), query.endsWith('mode') ? undefined : {}, query)
  }
})

t.test('a mode is one of the two, and written once', async (t) => {
  t.strictSame(readCheckOptions('?mode=redirect'), { isRedirecting: true })
  t.strictSame(readCheckOptions('?mode=status'), {})
  t.strictSame(readCheckOptions('?m%6fde=redir%65ct'), { isRedirecting: true })
  for (const query of [
    '?mode=',
    '?mode=Redirect',
    '?mode=redirect ',
    '?mode=allow',
    '?mode=status&mode=redirect',
    '?mode=redirect&mode=redirect',
    '?mode=redirect,status',
  ]) {
    t.equal(readCheckOptions(query), undefined, query)
  }
})

t.test('lists have commas, or are repeated, or both; blanks and empty parts are nothing', async (t) => {
  t.strictSame(readCheckOptions('?allowed_groups=a'), { constraints: { groups: ['a'] } })
  t.strictSame(readCheckOptions('?allowed_groups=a,b&allowed_groups=c'), {
    constraints: { groups: ['a', 'b', 'c'] },
  })
  t.strictSame(readCheckOptions('?allowed_groups=%20a+,,+b+'), { constraints: { groups: ['a', 'b'] } })
  t.strictSame(
    readCheckOptions('?allowed_emails=x@y.z&allowed_email_domains=y.z,.z&allowed_groups=a&mode=redirect'),
    { constraints: { groups: ['a'], emails: ['x@y.z'], emailDomains: ['y.z', '.z'] }, isRedirecting: true },
  )
})

t.test('a list that is there and empty is a condition that nobody meets', async (t) => {
  for (const query of [
    '?allowed_groups',
    '?allowed_groups=',
    '?allowed_groups=,',
    '?allowed_groups=%20',
    '?allowed_groups=&allowed_groups=,,',
  ]) {
    const options = readCheckOptions(query)
    t.strictSame(options, { constraints: { groups: [] } }, query)
    t.notOk(meets(options?.constraints ?? {}, { groups: ['a', ''] }), query)
  }
  t.strictSame(readCheckOptions('?allowed_emails=&allowed_email_domains='), {
    constraints: { emails: [], emailDomains: [] },
  })
  t.notOk(meets({ emails: [] }, { email: '' }))
  t.notOk(meets({ emailDomains: [] }, { email: 'a@b' }))
})

t.test('a group is met to the letter, in a list or alone', async (t) => {
  const groups = ['staff', 'admins']
  t.ok(meets({ groups }, { groups: ['x', 'admins'] }))
  t.ok(meets({ groups }, { groups: 'staff' }))
  for (const own of [
    ['Staff'],
    ['staff '],
    ['staff,admins'],
    [['staff']],
    [],
    undefined,
    null,
    1,
    {},
    'staff,admins',
    { staff: true },
  ]) {
    t.notOk(meets({ groups }, { groups: own }), JSON.stringify(own))
  }
  t.notOk(meets({ groups: ['1', 'true', 'undefined', 'null'] }, { groups: [1, true, null, undefined] }))
})

t.test('an address is met in any case, unless the provider says that it is not verified', async (t) => {
  const emails = ['Alice@Example.com']
  t.ok(meets({ emails }, { email: 'alice@example.COM' }))
  t.ok(meets({ emails }, { email: 'alice@example.com', email_verified: true }))
  t.notOk(meets({ emails }, { email: 'alice@example.com', email_verified: false }))
  for (const email of [
    undefined,
    null,
    '',
    1,
    ['alice@example.com'],
    'alice@example.com ',
    'alice@example.com.',
    'x@example.com',
  ]) {
    t.notOk(meets({ emails }, { email }), JSON.stringify(email))
  }
})

t.test('a domain is the whole of what stands behind the one @', async (t) => {
  const domain = (emailDomains: string[], email: string, more: Claims = {}) =>
    meets({ emailDomains }, { email, ...more })
  t.ok(domain(['Example.com'], 'alice@EXAMPLE.com'))
  t.ok(domain(['other.test', 'example.com'], 'alice@example.com'))
  for (const email of [
    'alice@example.com@evil.test',
    'alice@evil.test@example.com',
    'alice@@example.com',
    '@example.com',
    'alice@',
    'alice',
    'example.com',
    'alice@notexample.com',
    'alice@sub.example.com',
    'alice@example.com.',
    'alice@example.com.evil.test',
    'alice@.example.com',
  ]) {
    t.notOk(domain(['example.com'], email), email)
  }
  t.notOk(domain(['example.com'], 'alice@example.com', { email_verified: false }))
  t.notOk(meets({ emailDomains: ['example.com'] }, {}))
})

t.test('a domain with a dot before it is every domain below it, and not itself', async (t) => {
  for (const written of ['.example.com', '*.example.com', '*.Example.COM']) {
    const below = (email: string) => meets({ emailDomains: [written] }, { email })
    t.ok(below('a@sub.example.com'), written)
    t.ok(below('a@deep.sub.example.com'), written)
    for (const email of [
      'a@example.com',
      'a@notexample.com',
      'a@sub.example.com.evil.test',
      'a@x@sub.example.com',
    ]) {
      t.notOk(below(email), `${written} ${email}`)
    }
  }
  t.notOk(meets({ emailDomains: ['*example.com'] }, { email: 'a@sub.example.com' }), 'a star alone is none')
  t.notOk(meets({ emailDomains: ['*'] }, { email: 'a@example.com' }), 'nor one for everybody')
})

t.test('every list that is there must be met', async (t) => {
  const claims = { groups: ['a'], email: 'x@y.z' }
  const met = { groups: ['a'], emails: ['x@y.z'], emailDomains: ['y.z'] }
  t.ok(meets({}, {}))
  t.ok(meets(met, claims))
  for (const key of ['groups', 'emails', 'emailDomains'] as const) {
    t.ok(meets({ [key]: met[key] }, claims), key)
    t.notOk(meets({ ...met, [key]: ['other'] }, claims), key)
  }
})

const name = fc.constantFrom('allowed_groups', 'allowed_emails', 'allowed_email_domains')
const value = fc.string({ unit: fc.constantFrom('a', 'b', ',', ' ', '@', '.'), maxLength: 5 })
const parameters = fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 5 })

t.test('an empty parameter beside others never admits anybody else', async () => {
  const claims = fc.record({
    groups: fc.array(fc.constantFrom('a', 'b', 'ab', ''), { maxLength: 2 }),
    email: fc.constantFrom('a@b', 'b@a.b', '', '@', 'a@b@b'),
  })
  fc.assert(
    fc.property(parameters, name, claims, (pairs, extra, who) => {
      const read = (list: readonly (readonly [string, string])[]) =>
        readCheckOptions(`?${new URLSearchParams(list.map(([key, text]): [string, string] => [key, text]))}`)
          ?.constraints
      const before = read(pairs)
      const after = read([...pairs, [extra, '']])
      if (before === undefined || after === undefined) throw new Error('a condition went unread')
      if (meets(after, who) && !meets(before, who)) throw new Error('an empty list admitted somebody')
    }),
    { numRuns: 5_000 },
  )
})

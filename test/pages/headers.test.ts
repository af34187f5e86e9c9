import { createHash } from 'node:crypto'
import t from 'tap'
import { bareHeaders, jsonHeaders, pageHeaders, problemHeaders } from '../../src/pages/headers.ts'
import { notFoundPage } from '../../src/pages/not-found.ts'
import { signOutPage } from '../../src/pages/sign-out.ts'

const facts = { requestId: 'r-1', prefix: '/oauth2' }

t.test('the policy allows the one inline style, by its hash, and nothing else that could act', async (t) => {
  const page = notFoundPage(facts)
  const styles = [...page.html.matchAll(/<style>([\s\S]*?)<\/style>/g)]
  t.equal(styles.length, 1)
  const hash = createHash('sha256')
    .update(styles[0]?.[1] as string)
    .digest('base64')
  t.equal(
    pageHeaders(page)['content-security-policy'],
    `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'`,
  )
})

t.test(
  'the sign-out form may be sent, may be redirected to the provider, and shows its origin',
  async (t) => {
    const headers = pageHeaders(signOutPage(facts))
    t.notMatch(headers['content-security-policy'], /form-action/)
    t.match(headers['content-security-policy'], /default-src 'none'/)
    t.equal(headers['referrer-policy'], 'same-origin')
  },
)

t.test('every answer is kept out of caches, frames, sniffing and other origins', async (t) => {
  const all = [
    pageHeaders({ hasForm: false }),
    pageHeaders({ hasForm: true }),
    bareHeaders,
    jsonHeaders,
    problemHeaders,
  ]
  for (const headers of all) {
    t.match(headers, {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    })
    t.match(headers['content-security-policy'], /frame-ancestors 'none'/)
  }
})

t.test('each kind of body names its type', async (t) => {
  t.equal(pageHeaders({ hasForm: false })['content-type'], 'text/html; charset=utf-8')
  t.equal(jsonHeaders['content-type'], 'application/json; charset=utf-8')
  t.equal(problemHeaders['content-type'], 'application/problem+json; charset=utf-8')
  t.equal(bareHeaders['content-type'], undefined)
})

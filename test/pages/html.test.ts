import fc from 'fast-check'
import t from 'tap'
import { html, markupOf, trusted } from '../../src/pages/html.ts'

t.test('escapes text for content and attributes', async (t) => {
  const hostile = `<script>"'\`&`
  t.equal(markupOf(html`<a title="${hostile}">${hostile}</a>`).match(/[<>]/g)?.length, 4)
  t.equal(markupOf(html`${'<&>"\'`'}`), '&lt;&amp;&gt;&quot;&#39;&#96;')
})

t.test('keeps HTML, joins lists, writes numbers and leaves out what is undefined', async (t) => {
  const inner = html`<b>${'<'}</b>`
  t.equal(markupOf(html`${inner}${[inner, 'x<']}${7}${undefined}`), '<b>&lt;</b><b>&lt;</b>x&lt;7')
  t.equal(markupOf(trusted('<hr>')), '<hr>')
})

t.test('an object that only looks like HTML is never taken for HTML', async (t) => {
  t.notMatch(markupOf(html`${{ markup: '<x>' } as never}`), /<x>/)
})

t.test('control characters and direction overrides become the replacement character', async (t) => {
  t.equal(markupOf(html`${'a\u0000b\u001b[31m\u202ec\u009b'}`), 'a\ufffdb\ufffd[31m\ufffdc\ufffd')
})

t.test('whatever the text, the template alone decides about the markup', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const out = markupOf(html`<i title="${text}">${text}</i>`)
      return out.split(/[<>"]/).length === '<i title="">.</i>'.split(/[<>"]/).length
    }),
  )
})

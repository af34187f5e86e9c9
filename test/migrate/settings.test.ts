import t from 'tap'
import { isOn, isUnusual, listOf, settingsOf, textOf } from '../../src/migrate/settings.ts'

const settings = (name: string, ...values: string[]) => settingsOf([[{ name, values }]])

t.test('the later goes before the earlier', async (t) => {
  const both = settingsOf([[{ name: 'client_id', values: ['a'] }], [{ name: 'client-id', values: ['b'] }]])
  t.equal(textOf(both, 'client-id'), 'b')
})

t.test('what is spelled right goes before what is not, wherever it stands', async (t) => {
  const right = { name: 'allowed_groups', values: ['right'] }
  const wrong = { name: 'ALLOWED_GROUP', values: ['wrong'] }
  for (const sources of [[[right], [wrong]], [[wrong, right]], [[right, wrong]]])
    t.strictSame(listOf(settingsOf(sources), 'allowed-group'), ['right'])
  t.strictSame(listOf(settingsOf([[wrong]]), 'allowed-group'), ['wrong'])
})

t.test('a comma makes a list of a text, where a list is wanted and none was written', async (t) => {
  t.strictSame(listOf(settings('email-domain', 'a.example, b.example', 'c.example'), 'email-domain'), [
    'a.example',
    'b.example',
    'c.example',
  ])
  t.equal(textOf(settings('scope', 'a,b'), 'scope'), 'a,b')
  const whole = settingsOf([[{ name: 'skip_auth_routes', values: ['^/a{1,2}'], isWhole: true }]])
  t.strictSame(listOf(whole, 'skip-auth-route'), ['^/a{1,2}'])
})

t.test('what is empty is not written', async (t) => {
  t.equal(textOf(settings('scope', ' '), 'scope'), undefined)
  t.strictSame(listOf(settings('email-domain', '', 'a,,a'), 'email-domain'), ['a'])
  t.equal(isUnusual(settings('banner', ''), 'banner'), false)
})

t.test('a switch is read as Go does, and else counts as not written', async (t) => {
  for (const text of ['1', 't', 'TRUE', 'True'])
    t.equal(isOn(settings('reverse-proxy', text), 'reverse-proxy'), true)
  for (const text of ['0', 'F', 'false'])
    t.equal(isOn(settings('pass-user-headers', text), 'pass-user-headers'), false)
  t.equal(isOn(settings('reverse-proxy', 'yes'), 'reverse-proxy'), false)
  t.equal(isOn(settings('pass-user-headers', 'no'), 'pass-user-headers'), true)
})

t.test('names that are no options are told once, unless they may be a secret', async (t) => {
  const written = ['frob', 'frob', 'hunter2 is my password', 'x'.repeat(41)].map((name) => ({
    name,
    values: ['y'],
  }))
  t.strictSame(settingsOf([written]).unknown, ['frob', '(a name that is not shown)'])
})

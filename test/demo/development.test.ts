import t from 'tap'
import { loadDevelopment, withoutWarnings } from '../../src/demo/development.ts'

t.test('a package that is not installed is named, with what to do', async (t) => {
  const missing = () => Promise.reject(new Error('Cannot find package'))
  await t.rejects(
    loadDevelopment('oidc-provider', missing),
    /development dependency oidc-provider: run the demo from/,
  )
  t.equal(await loadDevelopment('x', async () => 7), 7)
})

t.test('warnings are dropped while something runs, and come back whatever happens', async (t) => {
  const output = globalThis.console
  const said = t.capture(output, 'warn')
  const { warn } = output
  await withoutWarnings(async () => {
    output.warn('no')
    output.info('no')
  })
  await t.rejects(withoutWarnings(() => Promise.reject(new Error('x'))))
  t.equal(output.warn, warn)
  t.equal(said().length, 0)
})

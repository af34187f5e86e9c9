import t from 'tap'
import { problemLines, testKey, yamlWith } from '../config/support.ts'

t.test('a secret that became a key by a missing colon or a wrong bracket is not repeated', async (t) => {
  const provider = 'issuer: https://login.example.com, client_id: postern'
  const rows: [name: string, yaml: string, line: RegExp][] = [
    [
      'no colon',
      yamlWith({ provider: `provider: { ${provider}, client_secret top-secret }` }),
      /provider\["client_secret…"\] {2}unknown key "client_secret…"; did you mean "client_secret"\?$/m,
    ],
    [
      'an equals sign',
      yamlWith({ provider: `provider: { ${provider}, client_secret=top-secret }` }),
      /unknown key "client_secret…"/,
    ],
    [
      'a key where its list should be',
      yamlWith({ session: `session: { ${testKey}: , keys: [${testKey}] }` }),
      /session\["…"\] {2}unknown key "…"$/m,
    ],
  ]
  for (const [name, yaml, line] of rows) {
    const told = problemLines(t, yaml).join('\n')
    t.match(told, line, name)
    t.notMatch(told, 'top-secret', name)
    t.notMatch(told, testKey.slice(0, 12), name)
  }
})

t.test('names are told in full', async (t) => {
  const yaml = yamlWith({
    routes:
      'routes: [{ path: /**, upstream: web, access: authenticated, claims: { "https://example.com/a/claim/of/ours": 1 }, methodes_that_are_allowed: 1 }]',
  })
  const told = problemLines(t, yaml).join('\n')
  t.match(told, 'claims["https://example.com/a/claim/of/ours"]')
  t.match(told, 'unknown key "methodes_that_are_allowed"')
})

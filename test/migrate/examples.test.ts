import t from 'tap'
import type { Preset } from '../../src/config/schema-forward-auth.ts'
import { env, exampleFile, loadPrinted, migrateText } from './support.ts'

type Example = Readonly<{ file: string; preset?: Preset; variables: readonly string[] }>

const always = ['POSTERN_CLIENT_SECRET', 'POSTERN_SESSION_KEY']

/** Configurations as oauth2-proxy and its users document them, and what has to be set for each. */
const examples: readonly Example[] = [
  { file: 'example.cfg', variables: [...always, 'POSTERN_TRUSTED_PROXY', 'POSTERN_ALLOWED_EMAIL'] },
  { file: 'keycloak-oidc.args', variables: always },
  {
    file: 'nginx-auth-request.cfg',
    variables: [...always, 'POSTERN_TRUSTED_PROXY', 'POSTERN_ALLOWED_EMAIL'],
  },
  { file: 'traefik-forward-auth.cfg', preset: 'traefik', variables: [...always, 'POSTERN_TRUSTED_PROXY'] },
  {
    file: 'kubernetes-github.yaml',
    preset: 'ingress-nginx',
    variables: [...always, 'POSTERN_PUBLIC_URL', 'POSTERN_TRUSTED_PROXY', 'POSTERN_ALLOWED_USER'],
  },
  { file: 'google.env', variables: [...always, 'POSTERN_ALLOWED_EMAIL', 'POSTERN_ALLOWED_GROUP'] },
  { file: 'okta.cfg', variables: always },
  { file: 'entra-id.cfg', variables: [...always, 'POSTERN_ISSUER'] },
  { file: 'everything.args', variables: ['POSTERN_SESSION_KEY'] },
]

for (const { file, preset, variables } of examples) {
  const yaml = migrateText(exampleFile(file), preset ? { preset } : {})

  t.test(`${file} becomes what is expected`, async (t) => {
    t.equal(yaml, exampleFile(`${file.replace(/\.\w+$/, '')}.expected`))
  })

  t.test(`${file} is valid once its variables are set, and not before`, async (t) => {
    const needed = Object.fromEntries(variables.map((name) => [name, env[name] as string]))
    t.doesNotThrow(() => loadPrinted(yaml, needed))
    for (const name of variables) {
      const { [name]: _, ...others } = needed
      t.throws(() => loadPrinted(yaml, others), {
        message: new RegExp(`needs the environment variable ${name},`),
      })
      t.match(yaml, `# - ${name}: `, 'it is told')
    }
  })

  t.test(`${file} keeps its secrets`, async (t) => {
    t.match(exampleFile(file), /a-secret-of-|client-secret-file/)
    t.notMatch(yaml, /a-secret-of-|0123456789abcdef0123456789/)
  })
}

import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')

type Stage = { name: string; base: string; lines: string[] }

/** The stages of the Dockerfile, in order. */
const stages: readonly Stage[] = read('Dockerfile')
  .split(/^FROM /m)
  .slice(1)
  .map((text) => {
    const [head = '', ...lines] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const [base = '', name = ''] = head.split(' AS ')
    return { base, name, lines }
  })

const stage = (name: string) => stages.find((candidate) => candidate.name === name) as Stage
const argument = (name: string, instruction: string) => {
  const line = stage(name).lines.find((candidate) => candidate.startsWith(`${instruction} `))
  return line?.slice(instruction.length + 1)
}

type Service = {
  build: { target: string }
  command?: string[]
  ports?: string[]
  read_only: boolean
  cap_drop: string[]
  environment: { [name: string]: string; POSTERN_CLIENT_SECRET: string }
  volumes: string[]
  networks: { default: { aliases: string[] } }
}
const compose: Record<string, Service> = parse(read('docker-compose.yml'), { merge: true }).services
const { gateway, provider, upstream } = compose as Record<'gateway' | 'provider' | 'upstream', Service>

t.test('the image that is built by default is the production one, on an LTS by its major', async (t) => {
  t.equal(stages.at(-1)?.name, 'production')
  for (const { base } of stages) t.match(base, /^(node:24-bookworm-slim|dependencies|build)$/)
})

t.test('the production image runs as a number that is not root', async (t) => {
  t.equal(argument('production', 'USER'), '65532:65532')
  t.equal(argument('demo', 'USER'), '65532:65532')
})

t.test('the production image has the compiled code and production dependencies, and no tools', async (t) => {
  const { base, lines } = stage('production')
  t.equal(base, 'node:24-bookworm-slim')
  t.strictSame(
    lines.filter((line) => line.startsWith('COPY')),
    [
      'COPY --from=production-dependencies /app/node_modules node_modules',
      'COPY --from=build /app/dist dist',
      'COPY package.json LICENSE ./',
      'COPY config config',
    ],
  )
  t.match(argument('production-dependencies', 'RUN'), /^npm prune --omit=dev/)
  t.notOk(
    lines.some((line) => line.startsWith('RUN')),
    'nothing is run as root in the final stage',
  )
  t.match(argument('production', 'ENV'), /\bNODE_ENV=production\b/)
})

t.test('it starts the gateway, and asks itself how it is without a shell', async (t) => {
  t.equal(argument('production', 'ENTRYPOINT'), '["node", "dist/main.js"]')
  t.equal(argument('production', 'CMD'), '["serve"]')
  t.match(argument('production', 'HEALTHCHECK'), /CMD \["node", "dist\/main.js", "healthcheck"\]$/)
})

t.test('gateway and health check read the same configuration', async (t) => {
  t.match(argument('production', 'ENV'), /\bPOSTERN_CONFIG=\/etc\/postern\/postern\.yaml\b/)
  for (const instruction of ['CMD', 'HEALTHCHECK'])
    t.notMatch(argument('production', instruction), /--config|\.yaml/, instruction)
})

t.test('what the Dockerfile copies is let through, and nothing else is', async (t) => {
  const allowed = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
  const copied = stages
    .flatMap(({ lines }) => lines.filter((line) => /^COPY (?!--from)/.test(line)))
    .flatMap((line) => line.split(' ').slice(1, -1))
  t.strictSame(new Set(allowed.map((line) => line.slice(1))), new Set(copied))
  t.match(read('.dockerignore'), /^\*$/m)
})

t.test('no service of the demo is reachable from another machine, and the upstream from none', async (t) => {
  const ports = Object.values(compose).flatMap((service) => service.ports ?? [])
  t.strictSame(ports, ['127.0.0.1:4180:4180', '127.0.0.1:9400:9400'])
  t.equal(upstream.ports, undefined)
})

t.test('every service has a read-only root and no capabilities', async (t) => {
  t.strictSame(Object.keys(compose), ['gateway', 'provider', 'upstream'])
  for (const service of Object.values(compose)) t.match(service, { read_only: true, cap_drop: ['ALL'] })
})

t.test(
  'the gateway runs the production image with the demo rules, the other two the demo image',
  async (t) => {
    t.equal(gateway.build.target, 'production')
    t.strictSame([provider.build.target, upstream.build.target], ['demo', 'demo'])
    t.strictSame(gateway.volumes, ['./config/demo.yaml:/etc/postern/postern.yaml:ro'])
  },
)

t.test('browser and gateway know the provider by one name, an alias in the network', async (t) => {
  const { POSTERN_DEMO_ISSUER, POSTERN_DEMO_PUBLIC_URL, POSTERN_CLIENT_SECRET } = gateway.environment
  const issuer = new URL(POSTERN_DEMO_ISSUER as string)
  t.ok(provider.command?.includes(`--host=${issuer.hostname}`))
  t.ok(provider.command?.includes(`--port=${issuer.port}`))
  t.ok(provider.command?.includes(`--public-url=${POSTERN_DEMO_PUBLIC_URL}`))
  t.strictSame(provider.networks.default.aliases, [issuer.hostname])
  t.match(issuer.hostname, /\.localhost$/)
  t.equal(provider.environment.POSTERN_CLIENT_SECRET, POSTERN_CLIENT_SECRET)
})

t.test('the session key has no default', async (t) => {
  const { POSTERN_SESSION_KEY } = gateway.environment
  t.match(POSTERN_SESSION_KEY, /^\$\{POSTERN_SESSION_KEY:\?/)
})

t.test('the demo rules read no variable that compose does not set', async (t) => {
  const wanted = [...read('config/demo.yaml').matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name)
  t.strictSame(new Set(wanted), new Set(Object.keys(gateway.environment)))
})

t.test('the demo rules show every kind of access', async (t) => {
  const { routes } = parse(read('config/demo.yaml')) as { routes: { access?: string }[] }
  const access = new Set(routes.map((route) => route.access))
  for (const kind of ['public', 'optional', 'authenticated']) t.ok(access.has(kind), kind)
  for (const key of ['scopes', 'any_scope', 'claims', 'methods'])
    t.ok(
      routes.some((route) => key in route),
      key,
    )
})

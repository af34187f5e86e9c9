import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { runPrint } from '../../src/cli/print.ts'
import { loadSource, type Source } from '../../src/config/load.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { lint } from '../../src/lint/lint.ts'
import { env, goodKey } from '../lint/support.ts'
import { assertValid, type Manifest, manifestsIn, oneOf } from '../support/kubernetes.ts'
import type { Parsed } from '../support/parsed.ts'
import { blocksOf, projectFile } from './markdown.ts'

const folder = 'config/kubernetes'
const readme = projectFile(`${folder}/README.md`)
const files = readdirSync(new URL(`../../../${folder}`, import.meta.url)).filter((name) =>
  name.endsWith('.yaml'),
)
const guards = ['sidecar.yaml', 'gateway.yaml']
const textOf = (name: string) => projectFile(`${folder}/${name}`)

function sourceOf(manifests: readonly Manifest[]): Source {
  const text = oneOf(manifests, 'ConfigMap')['data']['postern.yaml']
  const readFile = (path: string) => {
    if (path.endsWith('postern.yaml')) return text
    if (!path.startsWith('/run/secrets/postern/')) throw new Error(`nothing is mounted at ${path}`)
    return path.endsWith('session_keys') ? `${goodKey('mounted')}\n` : `${env.SECRET}\n`
  }
  return loadSource('postern.yaml', { env: {}, readFile, checkRules: ruleProblems })
}

function podOf(manifests: readonly Manifest[]) {
  const { metadata, spec } = oneOf(manifests, 'Deployment')['spec'].template
  const { containers } = spec
  return { labels: metadata.labels, spec, postern: named(containers, 'postern'), containers }
}

const named = (list: Parsed[], name: string) => list.find((one) => one.name === name)

/** What follows the line that says which command answers it, and that command's arguments. */
function printedPart(text: string) {
  const [, command = '', rest = ''] = /^# {3}postern print (.*)\n([\s\S]*)$/m.exec(text) ?? []
  const [kind = '', ...options] = command.split(' ')
  const option = (name: string) => options[options.indexOf(name) + 1] as string
  return { kind, address: option('--address'), service: option('--service'), rest }
}

t.test('every manifest is valid, and brings neither a secret nor an image from somewhere', async (t) => {
  const manifests = files.flatMap((name) => manifestsIn(t, textOf(name)))
  await assertValid(t, manifests)
  t.notOk(manifests.some(({ kind }) => kind === 'Secret'))
  for (const [, image] of files
    .map(textOf)
    .join('\n')
    .matchAll(/image: (\S+)/g))
    t.match(image, /^(?:postern:0\.1\.0|app:1\.0\.0)$/)
})

t.test('every configuration loads without a warning', async (t) => {
  const configured = files.filter((name) => textOf(name).includes('postern.yaml: |'))
  t.ok(configured.length >= 7)
  for (const name of configured) {
    const source = sourceOf(manifestsIn(t, textOf(name)))
    const { session, provider } = source.config
    t.strictSame(lint(source), [], name)
    t.equal(session.keys.length, 1)
    t.ok(provider)
  }
})

t.test('what is for an ingress is what is printed for its configuration', async (t) => {
  const printing = files.filter((name) => /^# {3}postern print/m.test(textOf(name)))
  t.strictSame(printing, [
    'envoy-gateway.yaml',
    'gateway-api.yaml',
    'ingress-nginx.yaml',
    'istio.yaml',
    'traefik.yaml',
  ])
  for (const name of printing) {
    const { kind, rest, ...places } = printedPart(textOf(name))
    t.equal(`${kind}.yaml`, name)
    const config = sourceOf(manifestsIn(t, textOf(name))).config
    let printed = ''
    runPrint(kind, config, { ...places, write: (part) => (printed += part) })
    t.equal(name === 'istio.yaml' ? `${textOf('istio-mesh.yaml')}---\n${rest}` : rest, printed, name)
    t.match(config.forward_auth, { mode: kind === 'ingress-nginx' ? 'status' : 'redirect' })
  }
})

t.test(
  'the configuration of an ingress takes the place of that of the gateway, and leads to the example',
  async (t) => {
    const gateway = oneOf(manifestsIn(t, textOf('gateway.yaml')), 'ConfigMap')
    const app = oneOf(manifestsIn(t, textOf('app.yaml')), 'Service')
    const service = oneOf(manifestsIn(t, textOf('gateway.yaml')), 'Service')
    for (const name of files.filter((file) => /^# {3}postern print/m.test(textOf(file)))) {
      const { metadata } = oneOf(manifestsIn(t, textOf(name)), 'ConfigMap')
      t.strictSame(metadata, gateway.metadata, name)
      const places = printedPart(textOf(name))
      t.equal(places.service, addressOf(app, 'http://'))
      t.equal(places.address, addressOf(service, ''))
    }
  },
)

function addressOf({ metadata, spec }: Manifest, scheme: string): string {
  return `${scheme}${metadata.name}.${metadata.namespace}:${spec.ports[0].port}`
}

t.test('Postern runs with nothing that it does not need', async (t) => {
  for (const name of guards) {
    const { spec, postern } = podOf(manifestsIn(t, textOf(name)))
    t.equal(spec.automountServiceAccountToken, false, name)
    t.strictSame(spec.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    t.strictSame(postern.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    t.ok(postern.resources.requests.memory && postern.resources.limits.memory)
    t.ok(postern.volumeMounts.every(({ readOnly }: { readOnly?: boolean }) => readOnly))
  }
})

t.test('probes reach the admin listener, and no Service or policy leads there', async (t) => {
  for (const name of guards) {
    const manifests = manifestsIn(t, textOf(name))
    const { postern } = podOf(manifests)
    const config = sourceOf(manifests).config
    t.strictSame(
      config.admin.listen,
      { host: '0.0.0.0', port: named(postern.ports, 'admin').containerPort },
      name,
    )
    t.equal(postern.livenessProbe.httpGet.path, '/healthz')
    t.equal(postern.readinessProbe.httpGet.path, '/readyz')
    t.strictSame(
      [postern.livenessProbe, postern.readinessProbe].map(({ httpGet }) => httpGet.port),
      ['admin', 'admin'],
    )
    const { targetPort } = oneOf(manifests, 'Service')['spec'].ports[0]
    t.match(config.server.listen, { port: named(postern.ports, targetPort).containerPort })
    t.not(targetPort, 'admin')
  }
  const { ingress } = oneOf(manifestsIn(t, textOf('gateway.yaml')), 'NetworkPolicy')['spec']
  t.strictSame(ingress[0].ports, [{ port: 'http' }])
})

t.test('a pod that ends has time for what is under way', async (t) => {
  for (const name of guards) {
    const manifests = manifestsIn(t, textOf(name))
    const { spec, postern, containers } = podOf(manifests)
    const { delay, timeout } = sourceOf(manifests).config.server.shutdown
    const closing = (delay + timeout) / 1_000
    t.ok(spec.terminationGracePeriodSeconds > closing, name)
    const others = containers.filter((one: unknown) => one !== postern)
    for (const { lifecycle } of others)
      t.ok(lifecycle.preStop.sleep.seconds >= closing, 'the service ends last')
  }
})

t.test('what names each other is there', async (t) => {
  for (const name of [...guards, 'app.yaml']) {
    const manifests = manifestsIn(t, textOf(name))
    const { labels, spec } = podOf(manifests)
    const deployment = oneOf(manifests, 'Deployment')
    t.strictSame(deployment['spec'].selector.matchLabels, labels, name)
    t.strictSame(oneOf(manifests, 'Service')['spec'].selector, labels)
    for (const kind of ['NetworkPolicy', 'PodDisruptionBudget']) {
      const found = manifests.filter((one) => one.kind === kind)
      for (const { spec } of found)
        t.strictSame((spec.podSelector ?? spec.selector).matchLabels, labels, kind)
    }
    for (const { configMap, secret } of spec.volumes ?? []) {
      if (configMap) t.equal(configMap.name, oneOf(manifests, 'ConfigMap').metadata.name)
      if (secret) t.match(textOf(name), `create secret generic ${secret.secretName} `)
    }
  }
  const scaler = oneOf(manifestsIn(t, textOf('gateway.yaml')), 'HorizontalPodAutoscaler')
  t.match(scaler['spec'].scaleTargetRef, { kind: 'Deployment', name: 'postern' })
})

t.test('the only way to the service of the sidecar is Postern', async (t) => {
  const manifests = manifestsIn(t, textOf('sidecar.yaml'))
  const { containers } = podOf(manifests)
  const { LISTEN: listen } = Object.fromEntries(
    named(containers, 'app').env.map((one: { name: string; value: string }) => [one.name, one.value]),
  )
  t.match(listen, /^127\.0\.0\.1:/)
  t.match(oneOf(manifests, 'ConfigMap')['data']['postern.yaml'], `url: "http://${listen}"`)
  t.equal(named(containers, 'app').ports, undefined)
  t.equal(oneOf(manifests, 'Service')['spec'].ports[0].targetPort, 'postern')
})

t.test('the page names every file, and no other', async (t) => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| ['))
  const linked = rows.flatMap((row) => [...row.matchAll(/\(([\w-]+\.yaml)\)/g)].map(([, name]) => name))
  t.strictSame(linked.sort(), [...files].sort())
  const commands = blocksOf(readme, 'sh')
    .map(({ text }) => text)
    .join('\n')
  const applied = [...commands.matchAll(/kubectl apply (.*)/g)].flatMap(([, rest = '']) =>
    rest.split(/\s*-f /),
  )
  for (const name of applied.filter(Boolean)) t.ok(files.includes(name), name)
  assertPrints(t, commands)
})

function assertPrints(t: Test, commands: string): void {
  const [, command] = /^(postern print .*)$/m.exec(commands) ?? []
  t.ok(textOf('traefik.yaml').includes(`#   ${command}\n`))
}

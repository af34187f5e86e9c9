import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import type { Parsed } from './parsed.ts'

/** An object of Kubernetes, or of one of the projects that extend it. */
export type Manifest = Readonly<{
  apiVersion: string
  kind: string
  metadata: Readonly<{ name: string; namespace?: string; annotations?: Record<string, string> }>
  [key: string]: Parsed
}>

type Model = Readonly<{ validate: () => void }>
/** The classes take whatever they are to judge. */
type Module = Readonly<Record<string, new (given: never) => Model>>

/** The published schemas, by kind; each module has a class and an interface of that name. */
const modules: Readonly<Record<string, () => Promise<Module>>> = {
  'kubernetes-models/v1/ConfigMap': () => import('kubernetes-models/v1/ConfigMap'),
  'kubernetes-models/v1/Namespace': () => import('kubernetes-models/v1/Namespace'),
  'kubernetes-models/v1/Service': () => import('kubernetes-models/v1/Service'),
  'kubernetes-models/apps/v1/Deployment': () => import('kubernetes-models/apps/v1/Deployment'),
  'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler': () =>
    import('kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'),
  'kubernetes-models/networking.k8s.io/v1/Ingress': () =>
    import('kubernetes-models/networking.k8s.io/v1/Ingress'),
  'kubernetes-models/networking.k8s.io/v1/NetworkPolicy': () =>
    import('kubernetes-models/networking.k8s.io/v1/NetworkPolicy'),
  'kubernetes-models/policy/v1/PodDisruptionBudget': () =>
    import('kubernetes-models/policy/v1/PodDisruptionBudget'),
  '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute': () =>
    import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute'),
  '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1/ReferenceGrant': () =>
    import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1/ReferenceGrant'),
  '@kubernetes-models/envoy-gateway/gateway.envoyproxy.io/v1alpha1/SecurityPolicy': () =>
    import('@kubernetes-models/envoy-gateway/gateway.envoyproxy.io/v1alpha1/SecurityPolicy'),
  '@kubernetes-models/traefik/traefik.io/v1alpha1/IngressRoute': () =>
    import('@kubernetes-models/traefik/traefik.io/v1alpha1/IngressRoute'),
  '@kubernetes-models/traefik/traefik.io/v1alpha1/Middleware': () =>
    import('@kubernetes-models/traefik/traefik.io/v1alpha1/Middleware'),
  '@kubernetes-models/istio/install.istio.io/v1alpha1/IstioOperator': () =>
    import('@kubernetes-models/istio/install.istio.io/v1alpha1/IstioOperator'),
  '@kubernetes-models/istio/networking.istio.io/v1/VirtualService': () =>
    import('@kubernetes-models/istio/networking.istio.io/v1/VirtualService'),
  '@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy': () =>
    import('@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy'),
}

/** Reads every document of a YAML text, which must be without errors and warnings. */
export function manifestsIn(t: Test, text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    t.strictSame([...document.errors, ...document.warnings], [], 'it is YAML')
    return document.toJS()
  })
}

/** The one object of a kind, and of a name if there are several. */
export function oneOf(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter(
    (one) => one.kind === kind && (name === undefined || name === one.metadata.name),
  )
  if (found.length !== 1) throw new Error(`${found.length} objects are ${kind} ${name ?? ''}`)
  return found[0] as Manifest
}

/** Holds objects to the published schemas of their kinds: required keys, types, formats and, by the types, unknown keys. */
export async function assertValid(t: Test, given: readonly Manifest[]): Promise<void> {
  const manifests = given.map(inStandardChannel)
  for (const manifest of manifests) {
    const module = await (modules[moduleOf(manifest)] as () => Promise<Module>)()
    const Kind = module[manifest.kind] as Module[string]
    t.doesNotThrow(() => new Kind(manifest as never).validate(), told(manifest))
  }
  t.equal(unknownKeys(t, manifests), '', 'no key is unknown')
}

/**
 * The schemas of the Gateway API are those of its standard channel. They describe the fields of the ExternalAuth filter,
 * which are judged, but do not name it among the types of filters yet: that one word is looked past.
 */
function inStandardChannel(manifest: Manifest): Manifest {
  if (manifest.kind !== 'HTTPRoute') return manifest
  const text = JSON.stringify(manifest).replace('"type":"ExternalAuth"', '"type":"ExtensionRef"')
  return JSON.parse(text)
}

/** What the compiler says of objects that are written as literals of their types: the schemas alone let unknown keys pass. */
export function unknownKeys(t: Test, manifests: readonly Manifest[]): string {
  const literals = manifests.map(literal).join('\n')
  const compilerOptions = { module: 'node20', strict: true, noEmit: true, skipLibCheck: true, types: [] }
  const folder = t.testdir({
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['manifests.ts'] }),
    'manifests.ts': literals,
  })
  const { status, stdout, error } = spawnSync(compiler(), ['-p', join(folder, 'tsconfig.json')], {
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  return status === 0 ? '' : `exit code ${status}: ${stdout}`
}

/** The program itself: what starts it is a script, which the test runner would watch and thereby break. */
function compiler(): string {
  const { platform, arch } = process
  const { resolve } = createRequire(import.meta.resolve('typescript/package.json'))
  const folder = dirname(resolve(`@typescript/typescript-${platform}-${arch}/package.json`))
  return join(folder, 'lib', platform === 'win32' ? 'tsc.exe' : 'tsc')
}

function literal(manifest: Manifest, index: number): string {
  const { kind } = manifest
  // The published type of this one ends at its metadata.
  const { spec, ...rest } = manifest
  const value = kind === 'IstioOperator' ? rest : manifest
  return `import type { I${kind} as Kind${index} } from '${moduleOf(manifest)}'
export const manifest${index}: Kind${index} = ${JSON.stringify(value, null, 1)}`
}

function moduleOf(manifest: Manifest): string {
  const { apiVersion, kind } = manifest
  const found = Object.keys(modules).find((name) => name.endsWith(`models/${apiVersion}/${kind}`))
  const extension = Object.keys(modules).find(
    (name) => name.startsWith('@') && name.endsWith(`/${apiVersion}/${kind}`),
  )
  const module = found ?? extension
  if (module === undefined) throw new Error(`no schema for ${told(manifest)}`)
  return module
}

function told({ apiVersion, kind, metadata }: Manifest): string {
  return `${apiVersion} ${kind} ${metadata?.name}`
}

import { randomBytes } from 'node:crypto'
import { buildApp, type Surroundings } from '../app.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { ruleProblems } from '../core/rules.ts'
import { DemoError } from './demo-error.ts'
import { createDemoProvider } from './provider.ts'
import { createDemoUpstream } from './upstream.ts'

/** A running demo: where its parts are. */
export type Demo = Readonly<{
  publicUrl: string
  issuer: string
  upstream: string
  admin: string
  close: () => Promise<void>
}>

type DemoOptions = Surroundings &
  Readonly<{
    /** The rule file, `config/demo.yaml`. */
    configFile: string
    /** The gateway's port. */
    port: number
  }>

/** Who the gateway is at the demo's provider; the secret protects nothing. */
export const demoClient = {
  clientId: 'postern-demo',
  clientSecret: 'demo-client-secret-which-protects-nothing',
}

/** Where the provider may send browsers of a demo at this address. */
export function demoRedirects(publicUrl: string) {
  return {
    redirectUris: [`${publicUrl}/oauth2/callback`],
    postLogoutRedirectUris: [`${publicUrl}/oauth2/signed_out`],
  }
}

/**
 * Starts provider, upstream and gateway in this process, all on loopback. Gateway and provider have different host names,
 * so that their cookies stay apart as they would in real life. Throws DemoError when the port is taken.
 */
export async function startDemo({ configFile, port, ...surroundings }: DemoOptions): Promise<Demo> {
  const publicUrl = `http://localhost:${port}`
  const provider = createDemoProvider({ port: 0, ...demoClient, ...demoRedirects(publicUrl) })
  const upstream = createDemoUpstream()
  const closeParts = () => Promise.all([provider.close(), upstream.close()])
  try {
    const addresses = { publicUrl, issuer: await provider.listen(), upstream: await upstream.listen(0) }
    const gateway = await startGateway(loadDemoConfig(configFile, port, addresses), surroundings)
    const close = async () => {
      await gateway.close()
      await closeParts()
    }
    return { ...addresses, admin: gateway.admin, close }
  } catch (error) {
    await closeParts()
    throw error
  }
}

type Addresses = Pick<Demo, 'publicUrl' | 'issuer' | 'upstream'>

function loadDemoConfig(file: string, port: number, { publicUrl, issuer, upstream }: Addresses): Config {
  const env = {
    POSTERN_DEMO_LISTEN: `127.0.0.1:${port}`,
    POSTERN_DEMO_PUBLIC_URL: publicUrl,
    POSTERN_DEMO_ISSUER: issuer,
    POSTERN_DEMO_UPSTREAM: upstream,
    POSTERN_CLIENT_SECRET: demoClient.clientSecret,
    POSTERN_SESSION_KEY: randomBytes(32).toString('base64'),
  }
  const config = loadConfig(file, { env, checkRules: ruleProblems })
  // Any free port, so that the demo runs beside a gateway in earnest.
  return { ...config, admin: { ...config.admin, listen: { host: '127.0.0.1', port: 0 } } }
}

async function startGateway(config: Config, surroundings: Surroundings) {
  const app = await buildApp(config, surroundings)
  try {
    const { adminAddress } = await app.listen()
    return { admin: adminAddress, close: app.close }
  } catch (cause) {
    await app.close()
    const hint = 'choose another port: npm run demo -- --port 4280'
    throw new DemoError(`${(cause as Error).message}; ${hint}`, { cause })
  }
}

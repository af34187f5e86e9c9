import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { buildApp } from '../app.ts'
import { loadConfig } from '../config/load.ts'
import { ruleProblems } from '../core/rules.ts'
import { createDemoProvider } from './provider.ts'
import { createDemoUpstream } from './upstream.ts'

/** A running demo: where its parts are. */
export type Demo = Readonly<{
  publicUrl: string
  issuer: string
  upstream: string
  close: () => Promise<void>
}>

type DemoOptions = Readonly<{
  /** The rule file, `config/demo.yaml`. */
  configFile: string
  /** The gateway's port. */
  port: number
  logger: Logger
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
 * so that their cookies stay apart as they would in real life.
 */
export async function startDemo({ configFile, port, logger }: DemoOptions): Promise<Demo> {
  const publicUrl = `http://localhost:${port}`
  const provider = createDemoProvider({ port: 0, ...demoClient, ...demoRedirects(publicUrl) })
  const upstream = createDemoUpstream()
  const issuer = await provider.listen()
  const upstreamUrl = await upstream.listen(0)
  const env = {
    POSTERN_DEMO_LISTEN: `127.0.0.1:${port}`,
    POSTERN_DEMO_PUBLIC_URL: publicUrl,
    POSTERN_DEMO_ISSUER: issuer,
    POSTERN_DEMO_UPSTREAM: upstreamUrl,
    POSTERN_CLIENT_SECRET: demoClient.clientSecret,
    POSTERN_SESSION_KEY: randomBytes(32).toString('base64'),
  }
  const app = await buildApp(loadConfig(configFile, { env, checkRules: ruleProblems }), { logger })
  const close = async () => {
    await app.close()
    await Promise.all([provider.close(), upstream.close()])
  }
  try {
    await app.listen()
  } catch (error) {
    await close()
    throw error
  }
  return { publicUrl, issuer, upstream: upstreamUrl, close }
}

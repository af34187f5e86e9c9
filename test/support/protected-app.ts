import type { Test } from 'tap'
import { type Gateway, startGateway } from './gateway.ts'
import { startProvider, type TestProvider } from './provider.ts'
import { startWebApp, type WebApp } from './web-app.ts'

type Options = Readonly<{
  /** The origin browsers see, where something stands in front of the gateway. */
  publicUrl?: string
  /** Whether the gateway ends TLS; not unless told. */
  isTls?: boolean
  /** Seconds. */
  accessTokenTtl?: number
  /** Further keys of the session section, as YAML flow. */
  session?: string
}>

/** A web app behind the gateway, and the provider to sign in at; everything below `/public` is for everybody. */
export type ProtectedApp = Readonly<{ gateway: Gateway; app: WebApp; provider: TestProvider }>

/** Starts all three on loopback. */
export async function startProtectedApp(t: Test, options: Options = {}): Promise<ProtectedApp> {
  const { publicUrl, isTls = false, accessTokenTtl = 3600, session } = options
  const provider = await startProvider(t, { accessTokenTtl })
  const app = await startWebApp(t)
  const gateway = await startGateway(t, {
    provider,
    upstream: app.origin,
    routes: ['path: /public/**, access: public', 'path: /**, access: authenticated'],
    ...(session !== undefined && { session }),
    isTls,
    ...(publicUrl !== undefined && { publicUrls: () => [publicUrl] }),
  })
  return { gateway, app, provider }
}

import type { Test } from 'tap'
import type { Deviations, HostileProvider, Misdeed } from '../../support/hostile-provider.ts'
import { expectNobody, type HostileScene, signIn, startHostileScene } from '../hostile-scene.ts'

/** What is done for one row. */
export type Check = (t: Test) => Promise<void>

export type Checks = Readonly<Record<string, Check>>

type Deviate = Partial<Deviations> | ((op: HostileProvider) => Partial<Deviations>)

const resolved = (deviate: Deviate, op: HostileProvider) =>
  typeof deviate === 'function' ? deviate(op) : deviate

/** A scene whose provider deviates so from the start. */
export function deviating(
  t: Test,
  deviate: Deviate,
  options: Parameters<typeof startHostileScene>[1] = {},
): Promise<HostileScene> {
  return startHostileScene(t, {
    providerKeys: 'timeout: 1s',
    ...options,
    prepare: (op) => void Object.assign(op.deviations, resolved(deviate, op)),
  })
}

/** A login that fails, in each of these ways; `tokens` is how often the token endpoint may be asked. */
export function refused(ways: Readonly<Record<string, Deviate>> | Deviate[], tokens: number): Check {
  return async (t) => {
    for (const [name, deviate] of Object.entries(ways)) {
      await t.test(name, async (t) => {
        const scene = await deviating(t, deviate)
        await expectNobody(t, scene, await signIn(scene))
        t.equal(scene.op.count('token'), tokens, 'requests to the token endpoint')
      })
    }
  }
}

/** A JSON answer as text. */
export function json(body: string, headers: Record<string, string> = {}): Misdeed {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body }
}

/** Starts a login and goes through the provider; the callback that was not followed yet. */
export async function callbackOf({ gateway, browser }: HostileScene, path = '/deep'): Promise<URL> {
  const stopAt = `${gateway.origin}/oauth2/callback`
  const { headers } = await browser.navigate(gateway.origin + path, { stopAt })
  return new URL(headers.location as string)
}

/** Lets the authorization endpoint answer with another callback. */
export function answering(op: HostileProvider, change: (callback: URL) => void): Partial<Deviations> {
  return {
    answer: {
      authorize: ({ parameters }) => {
        const { redirect_uri: redirectUri = '', state = '', nonce = '' } = parameters
        const location = op.callback(redirectUri, { state, nonce })
        change(location)
        return { status: 302, headers: { location: location.href } }
      },
    },
  }
}

/** How often a refresh token was sent. */
export function refreshes({ op }: HostileScene): number {
  return op.requests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token').length
}

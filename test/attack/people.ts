import { createBrowser } from '../support/browser.ts'
import type { Gateway } from '../support/gateway.ts'
import { pem } from '../support/recorder.ts'

/** Signs somebody in at the provider's own page and gives the Cookie header line of the session. */
export async function signIn(gateway: Gateway, name: string): Promise<string> {
  const browser = createBrowser({ ca: pem('ca') })
  const page = await browser.navigate(`${gateway.origin}/oauth2/start?rd=/oauth2x`)
  await browser.submit(page, { login: name })
  return `Cookie: ${browser.cookiesFor(gateway.origin)}`
}

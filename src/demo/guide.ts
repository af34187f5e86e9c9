import type { Demo } from './demo.ts'

/** What to try in the demo, for a person at a terminal. */
export function demoGuide({ publicUrl, issuer, upstream }: Demo, configFile: string): string {
  return `
  Postern demo: an application that knows nothing of logins, behind the gateway

    Open        ${publicUrl}
    Rules       ${configFile}
    Provider    ${issuer}   embedded OpenID provider: Alice, Bob and Carol, one click each
    Upstream    ${upstream}   embedded application: shows each request as it arrived

  Try in a browser
    1. ${publicUrl}/account/   You are sent to the provider; be Alice, and land on that page.
    2. Reload now and then: access tokens live 60 seconds, and the token changes without you noticing.
    3. ${publicUrl}/admin/     Alice may not: the page names what is missing. "Use another account", and be Carol.
    4. Send the order form as Alice (403) and as Bob (it arrives).
    5. Sign out, and press the Back button.

  Try in a shell
    curl -i ${publicUrl}/public/hello      anybody may; the upstream sees no identity
    curl -i ${publicUrl}/api/me            401 with a login_url, never a redirect
    curl -i -X DELETE ${publicUrl}/orders/1   405: no rule for this method, and no weaker rule instead
    curl -i ${publicUrl}/nothing           404: what no rule names is not served

  Stop with Ctrl-C. This is for looking around: the embedded parts listen on loopback only.
`
}

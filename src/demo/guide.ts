import type { Demo } from './demo.ts'
import { demoScript } from './provider-configuration.ts'

/** What to try in the demo, for a person at a terminal. */
export function demoGuide({ publicUrl, issuer, upstream, admin }: Demo, configFile: string): string {
  return `
  Postern demo: an application that knows nothing of logins, behind the gateway

    Open        ${publicUrl}
    Rules       ${configFile}
    Provider    ${issuer}  an OpenID provider of its own: Alice, Bob and Carol, one click each
    Upstream    ${upstream}  the application: it shows each request exactly as it arrived
    Readiness   ${admin}/readyz

  Try in a browser
    1. Open ${publicUrl}/account
       You are sent to the provider. Be Alice, and you land on that page.
    2. Reload it now and then. Access tokens live 60 seconds: the mark of the token changes, you stay signed in.
    3. Open ${publicUrl}/admin
       Alice may not, and the page names what is missing. Press "Use another account", sign in again as Carol,
       and open it once more.
    4. Send the form of ${publicUrl}/orders
       As Alice you are refused (403), as Bob it arrives.
    5. Sign out and press the Back button: nothing that was protected is shown.

  Try in a shell
${commands(publicUrl).map(commandLine).join('\n')}

  Try as a program: get an access token, which lives 60 seconds, and come with it
    TOKEN=$(curl -s -u ${demoScript.clientId}:${demoScript.clientSecret} -d grant_type=client_credentials -d scope=orders:read \\
      ${issuer}/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
    curl -i -H "Authorization: Bearer $TOKEN" ${publicUrl}/api/orders
    curl -i -H "Authorization: Bearer $TOKEN" ${publicUrl}/admin    403: the header says which scope is missing

  Stop with Ctrl-C. This is for looking around: every part listens on loopback only.

`
}

type Command = readonly [command: string, explanation: string]

function commands(publicUrl: string): readonly Command[] {
  return [
    [`curl -i ${publicUrl}/public/hello`, '200: open to all, and nothing about a user is passed on'],
    [`curl -i ${publicUrl}/api/me`, '401 with a login_url, never a redirect'],
    [`curl -i -X DELETE ${publicUrl}/orders/1`, '405: no rule for this method, and no weaker rule instead'],
    [`curl -i ${publicUrl}/nothing`, '404: what no rule names is not served'],
  ]
}

function commandLine([command, explanation]: Command): string {
  return `    ${command.padEnd(50)} ${explanation}`
}

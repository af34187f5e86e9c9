import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import type { OidcContext } from 'oidc-provider'
import type { User } from './users.ts'

/** The body of a request as text. */
export async function readBody(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

/** The sign-in page, and what its buttons do. */
export async function interact(
  provider: Provider,
  people: Readonly<Record<string, User>>,
  request: IncomingMessage,
  response: ServerResponse,
  more: (user: string, wanted: readonly string[]) => object = () => ({}),
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  const url = new URL(request.url as string, 'http://any')
  const choice =
    request.method === 'POST'
      ? new URLSearchParams(await readBody(request)).get('login')
      : (url.searchParams.get('login_hint') ?? params['login_hint'])
  if (choice === 'deny') {
    return provider.interactionFinished(request, response, { error: 'access_denied' })
  }
  if (choice && Object.hasOwn(people, choice)) {
    const wanted = params['acr_values']?.split(' ') ?? []
    const login = { accountId: choice, ...more(choice, wanted) }
    return provider.interactionFinished(request, response, { login })
  }
  const buttons = [...Object.keys(people), 'deny'].map(
    (name) => `<button type="submit" name="login" value="${name}" id="${name}">${name}</button>`,
  )
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(`<!doctype html><title>Sign in</title><h1>Sign in</h1>
<form method="post" action="${url.pathname}">${buttons.join('\n')}</form>`)
}

/** Confirms by itself where there is JavaScript; a test client without it submits the form. */
export function renderLogout(ctx: OidcContext, form: string): void {
  const confirmed = form.replace('</form>', '<input type="hidden" name="logout" value="yes"/></form>')
  ctx.set('content-security-policy', "script-src 'unsafe-inline'")
  ctx.body = `<!doctype html><title>Signing out</title>${confirmed}<script>document.forms[0].submit()</script>`
}

/** Where a logout without a way back ends. */
export function renderLoggedOut(ctx: OidcContext): void {
  ctx.body = '<!doctype html><title>Signed out</title><p>Signed out of the provider.</p>'
}

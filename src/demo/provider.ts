import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type Provider from 'oidc-provider'
import { html } from '../pages/html.ts'
import { closed, type DemoServer, listening } from './demo-server.ts'
import { loadDevelopment, refuseProduction, withoutWarnings } from './development.ts'
import { document } from './document.ts'
import { type DemoClient, providerConfiguration } from './provider-configuration.ts'
import { demoUser, demoUsers } from './users.ts'

type DemoProviderOptions = DemoClient &
  Readonly<{
    /** 0 picks a free one. */
    port: number
    /** The host name of the issuer, 127.0.0.1 by default; with another one than the gateway's, cookies stay apart. */
    host?: string
    /** The address to listen on, loopback by default; a container needs 0.0.0.0 behind a published loopback port. */
    bind?: string
  }>

/**
 * A small OpenID provider with three users, one click each, to try the gateway against.
 * `listen` resolves to the issuer; both throw an `Error` where it must not or cannot run.
 */
export function createDemoProvider(options: DemoProviderOptions): DemoServer {
  refuseProduction('the demo provider')
  const { host = '127.0.0.1', bind = '127.0.0.1', port, ...client } = options
  const server = createServer()
  return Object.freeze({
    listen: async () => {
      await listening(server, port, bind)
      const issuer = `http://${host}:${(server.address() as AddressInfo).port}`
      const provider = await createProvider(issuer, client)
      const handle = provider.callback()
      server.on('request', (request, response) => {
        const step = interactionStep(request)
        void (step ? interact(provider, step, request, response) : handle(request, response))
      })
      return issuer
    },
    close: () => closed(server),
  })
}

function createProvider(issuer: string, client: DemoClient): Promise<Provider> {
  return withoutWarnings(async () => {
    const module = await loadDevelopment('oidc-provider', () => import('oidc-provider'))
    return new module.default(issuer, providerConfiguration(client))
  })
}

type Step = Readonly<{ isPost: boolean; account: string | undefined }>

/** `GET /interaction/ID` asks who to be, `POST /interaction/ID/USER` is the answer. */
function interactionStep(request: IncomingMessage): Step | undefined {
  const [, folder, , account] = (request.url as string).split('/')
  return folder === 'interaction' ? { isPost: request.method === 'POST', account } : undefined
}

async function interact(
  provider: Provider,
  step: Step,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { uid } = await provider.interactionDetails(request, response)
    const user = step.isPost && demoUser(step.account)
    if (user) return await provider.interactionFinished(request, response, { login: { accountId: user.id } })
    send(response, 200, signInPage(uid))
  } catch {
    const text =
      'It was finished already, or its time is over. Go back to the application and sign in once more.'
    send(
      response,
      400,
      document('Sign in', html`<main><h1>This sign-in is over</h1><p>${text}</p></main>`, 'narrow'),
    )
  }
}

function signInPage(uid: string): string {
  const people = demoUsers.map(
    (user) => html`<form method="post" action="/interaction/${uid}/${user.id}"><button class="button">
<b>${user.name}</b>${user.role}</button></form>`,
  )
  const body = html`<main><h1>Who do you want to be?</h1>
<p class="quiet">This is the demo’s identity provider. There are no passwords here: one click signs you in.</p>
<div class="people">${people}</div></main>`
  return document('Sign in · demo provider', body, 'narrow')
}

function send(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(body)
}

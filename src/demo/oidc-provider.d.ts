/** The parts of oidc-provider that the demo and the tests use; it brings no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export type OidcContext = {
    path: string
    method: string
    status: number
    body: unknown
    type: string
    req: IncomingMessage
    res: ServerResponse
    respond: boolean
    get(name: string): string
    set(name: string, value: string): void
    oidc: {
      route: string
      body?: Record<string, string>
      params: Record<string, string | undefined>
      client: { clientId: string; grantTypeAllowed(name: string): boolean }
      session: { accountId: string; acr?: string }
      /** What an interaction that has just ended came to. */
      result?: { login?: object }
      requestParamScopes: Set<string>
      resourceServers: Record<string, unknown>
    }
  }

  export type Grant = {
    addOIDCScope(scope: string): void
    rejectOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    rejectResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export type Interaction = {
    uid: string
    prompt: { name: string }
    params: Record<string, string | undefined>
  }

  type Check = (ctx: OidcContext) => boolean

  export const interactionPolicy: {
    base(): { get(prompt: 'login' | 'consent'): { checks: { add(check: object): void } } }
    Check: new (reason: string, description: string, isNeeded: Check) => object
  }

  export default class Provider {
    constructor(issuer: string, configuration: object)
    proxy: boolean
    Grant: new (properties: {
      clientId: string
      accountId: string
    }) => Grant
    use(middleware: (ctx: OidcContext, next: () => Promise<void>) => Promise<void>): void
    on(event: string, listener: (...args: never[]) => void): void
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  }
}

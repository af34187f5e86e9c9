import { METHODS, validateHeaderName, validateHeaderValue } from 'node:http'
import type { Source } from '../config/load.ts'
import { PosternError } from '../core/errors.ts'
import type { Claims } from '../core/session.ts'
import { explanationJson } from '../explain/as-json.ts'
import { explanationText } from '../explain/as-text.ts'
import { createExplain } from '../explain/explain.ts'
import { isAllowed } from '../explain/explanation.ts'
import { askAs, bringsSession, bringsToken, type Call, type Identity } from '../explain/identity.ts'
import { type AskedRequest, type Header, splitUrl } from '../explain/request.ts'
import { notAllowed } from './exit-code.ts'
import { UsageError } from './usage-error.ts'

/** The options of `postern explain`. */
export type ExplainOptions = Readonly<{
  /** A file with claims as JSON, or `-`. */
  as?: string
  scopes?: string
  bearer?: boolean
  /** `-`: the Cookie header is read. */
  cookie?: string
  /** Lines, like `Accept: text/html`. */
  header: readonly string[]
  client: string
  check?: boolean
  json?: boolean
}>

/** What the command takes from its surroundings; `clock` in epoch seconds. */
export type ExplainPlaces = Readonly<{
  write: (text: string) => void
  /** Reads a text file, or standard input as `-`. Throws an Error that may be shown. */
  read: (file: string) => string
  clock: () => number
}>

/**
 * Says what the gateway of a configuration would do with a request, and returns the exit code: 0 when it may pass, 3 when not.
 * @throws {UsageError} when the options make no sense
 */
export async function runExplain(
  located: Source,
  [method, url]: readonly [method: string, url: string],
  options: ExplainOptions,
  { write, read, clock }: ExplainPlaces,
): Promise<number> {
  const { config } = located
  if (options.check && config.forward_auth === undefined) {
    throw new UsageError('--check needs a "forward_auth" section in the configuration')
  }
  const asked = askedRequest(method, url, new URL(config.server.public_url[0] as string).host, options)
  const call = await callOf(asked, located, options, read, clock)
  const explain = createExplain({ ...located, clock })
  const explanation = await explain(call.asked, call.credentials, options.check)
  write(options.json ? explanationJson(explanation) : explanationText(explanation))
  return isAllowed(explanation) ? 0 : notAllowed
}

function headerLine(text: string): Header {
  const [, name = '', value = ''] = /^([^:]*):\s*(.*?)\s*$/s.exec(text) ?? []
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return [name, value]
  } catch {
    throw new UsageError(`${JSON.stringify(text)} is no header line like 'Accept: text/html'`)
  }
}

function askedRequest(
  method: string,
  url: string,
  host: string,
  { header, client }: ExplainOptions,
): AskedRequest {
  const split = splitUrl(url, host)
  if (split === undefined) throw new UsageError(`${JSON.stringify(url)} is no http or https URL, and no path`)
  if (!METHODS.includes(method) || method === 'CONNECT') {
    throw new UsageError(`${JSON.stringify(method)} is no request method like GET`)
  }
  return { method, ...split, headers: header.map(headerLine), client }
}

async function callOf(
  asked: AskedRequest,
  { config }: Source,
  options: ExplainOptions,
  read: ExplainPlaces['read'],
  clock: () => number,
): Promise<Call> {
  const identity = identityOf(options, read)
  if (identity?.kind !== 'bearer' && config.bearer !== undefined && bringsToken(asked)) {
    throw new UsageError('a token is not looked into; say what is in it with --bearer')
  }
  if (bringsSession(asked, config)) {
    throw new UsageError('a session cookie is not opened there; give the Cookie header to --cookie -')
  }
  if (options.cookie === undefined) {
    try {
      return askAs(asked, identity, config, clock())
    } catch (error) {
      if (error instanceof PosternError) throw new UsageError('the claims are nested too deeply')
      throw error
    }
  }
  if (options.cookie !== '-') throw new UsageError('--cookie takes - and reads standard input')
  if (identity !== undefined) throw new UsageError('--cookie says who it is; leave the others out')
  if (config.provider === undefined) throw new UsageError('--cookie needs a "provider" section')
  // With all that opens a seal, which takes as long to load as the rest.
  const { cookieCredentials } = await import('../explain/cookie.ts')
  const value = read('-')
    .trim()
    .replace(/^cookie:\s*/i, '')
  return {
    asked: { ...asked, headers: [...asked.headers, headerLine(`Cookie: ${value}`)] },
    credentials: await cookieCredentials(config, clock),
  }
}

function identityOf({ as, scopes, bearer = false }: ExplainOptions, read: ExplainPlaces['read']): Identity {
  if (as === undefined && scopes === undefined) {
    if (bearer) throw new UsageError('--bearer needs --as or --scopes: what the token says')
    return undefined
  }
  const claims = { ...(as !== undefined && claimsIn(as, read)), ...(scopes !== undefined && { scopes }) }
  return { kind: bearer ? 'bearer' : 'session', claims }
}

function claimsIn(file: string, read: ExplainPlaces['read']): Claims {
  const text = readable(file, read)
  try {
    const claims: unknown = JSON.parse(text)
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return claims as Claims
  } catch {
    // Said below, without a word of what is in the file.
  }
  throw new UsageError(`${file} holds no JSON object`)
}

function readable(file: string, read: ExplainPlaces['read']): string {
  try {
    return read(file)
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

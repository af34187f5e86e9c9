import { canonicalPath } from './request-path.ts'

/** Where a return target may point to. */
export type ReturnTargetOptions = Readonly<{
  /** The origin the target is resolved against, and the one to fall back to. */
  origin: string
  /** Accepts absolute URLs of these origins too; by default only paths are accepted. */
  isAllowedOrigin?: (origin: string) => boolean
  /** Our own endpoints, never a target: a login or logout that leads to itself. */
  prefix: string
}>

const maxLength = 2000
const maxSegments = 200

// Spaces, controls, unassigned and invisible characters, lone surrogates; what a browser or a log would reinterpret.
const illegal = /[\s\p{C}\p{Z}\\"<>`]/u
const schemePath = /^\/[a-z][a-z\d+.-]*:\//i

/**
 * The absolute URL to return to after a login, on one of our origins; `origin` + `/` for anything that is not clearly
 * a page there. Longer than 2,000 characters or deeper than 200 segments counts as that.
 */
export function returnTarget(value: string | undefined, options: ReturnTargetOptions): string {
  const url = value === undefined ? undefined : ownUrl(value, options)
  return url?.href ?? `${options.origin}/`
}

function ownUrl(value: string, options: ReturnTargetOptions): URL | undefined {
  if (value.length > maxLength || illegal.test(value)) return undefined
  const url = parse(value, options)
  if (url === undefined || !isPagePath(url.pathname, options)) return undefined
  return url.href.length > maxLength || url.pathname.split('/').length > maxSegments ? undefined : url
}

function parse(value: string, { origin, isAllowedOrigin }: ReturnTargetOptions): URL | undefined {
  const isPath = /^\/(?!\/)/.test(value)
  if (!isPath && (isAllowedOrigin === undefined || !/^https?:\/\/[^/@]+(?:[/?#]|$)/i.test(value)))
    return undefined
  if (!URL.canParse(value, origin)) return undefined
  const url = new URL(value, origin)
  return url.origin === origin || isAllowedOrigin?.(url.origin) ? url : undefined
}

/** Judges the path after dot segments were resolved, as it is and as it would be decoded once more. */
function isPagePath(pathname: string, options: ReturnTargetOptions): boolean {
  if (/%(?:[01][\da-f]|7f|5c)/i.test(pathname)) return false
  const decoded = pathname.replace(/%([\da-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const resolved = new URL(`${options.origin}${decoded}`).pathname
  return ![pathname, decoded, resolved].some(
    (path) => /^\/\//.test(path) || schemePath.test(path) || isOwnEndpoint(path, options),
  )
}

/** Asks what the gateway itself would read; a path that it refuses is no endpoint. */
function isOwnEndpoint(pathname: string, { prefix }: ReturnTargetOptions): boolean {
  const target = canonicalPath(pathname)
  const own = prefix.toLowerCase()
  return [target?.path, ...(target?.folded ?? [])].some((path) => {
    const reading = path?.toLowerCase()
    return reading === own || reading?.startsWith(`${own}/`)
  })
}

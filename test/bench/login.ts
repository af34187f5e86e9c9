import { request } from 'undici'

/** Cookies by origin, as a browser would keep them; paths and expiry times play no part here. */
export type Jar = Map<string, Map<string, string>>

/**
 * Signs in by following redirects from a protected page to the provider and back.
 * @param jar is where all cookies go.
 * @returns the Cookie header that the gateway at `url` now expects.
 * @throws {Error} when the page is not reached within 20 redirects.
 */
export async function login(url: string, jar: Jar = new Map()): Promise<string> {
  let target = new URL(url)
  for (let hops = 0; hops < 20; hops++) {
    const { status, location } = await visit(target, jar)
    if (status === 200) return cookieHeader(jar, new URL(url).origin)
    if (location === undefined)
      throw new Error(`the sign-in ended at ${target.origin}${target.pathname} with ${status}`)
    target = new URL(location, target)
  }
  throw new Error('the sign-in goes round in circles')
}

async function visit(target: URL, jar: Jar): Promise<{ status: number; location: string | undefined }> {
  // undici's request, as fetch would call itself `Sec-Fetch-Mode: cors`, and only a navigation may begin a sign-in.
  const { statusCode, headers, body } = await request(target, {
    headers: {
      accept: 'text/html',
      cookie: cookieHeader(jar, target.origin),
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': 'none',
      'sec-fetch-dest': 'document',
    },
  })
  await body.dump()
  keepCookies(jar, target.origin, headers['set-cookie'])
  const { location } = headers
  return { status: statusCode, location: location?.toString() }
}

/** Takes over what an answer sets and removes. */
export function keepCookies(jar: Jar, origin: string, setCookie: string | string[] | undefined): void {
  for (const line of [setCookie ?? []].flat()) keep(jar, origin, line)
}

function keep(jar: Jar, origin: string, line: string): void {
  const cookies = jar.get(origin) ?? new Map<string, string>()
  jar.set(origin, cookies)
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  const isRemoval = value === '' || /;\s*(max-age=0|expires=thu, 0?1.jan.1970)/i.test(line)
  if (isRemoval) cookies.delete(name)
  else cookies.set(name, value)
}

/** What a browser sends to this origin. */
export function cookieHeader(jar: Jar, origin: string): string {
  const cookies = jar.get(origin) ?? new Map<string, string>()
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

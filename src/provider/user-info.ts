import * as client from 'openid-client'
import { PosternError } from '../core/errors.ts'
import type { Claims } from '../core/session.ts'
import { mapUserInfo } from './claims.ts'
import { parseJson } from './json-document.ts'
import { translate } from './provider-errors.ts'

/**
 * The UserInfo claims of an OpenID Connect provider, about this subject and nobody else; every failure rejects.
 * @see OpenID Connect Core 1.0 section 5.3.2
 */
export async function fetchUserInfo(
  configuration: client.Configuration,
  accessToken: string,
  sub: string,
): Promise<Claims> {
  return client.fetchUserInfo(configuration, accessToken, sub).catch((error: unknown) => {
    throw translate(error, 'userinfo')
  })
}

/** Who a plain OAuth 2.0 access token is for, asked at the UserInfo endpoint and mapped to claims; every failure rejects. */
export async function fetchMappedUserInfo(
  configuration: client.Configuration,
  accessToken: string,
  mapping: Readonly<Record<string, string>>,
): Promise<Claims & { sub: string }> {
  const endpoint = new URL(configuration.serverMetadata().userinfo_endpoint as string)
  const headers = new Headers({ accept: 'application/json' })
  const answer = await client
    .fetchProtectedResource(configuration, accessToken, endpoint, 'GET', null, headers)
    .catch((error: unknown) => {
      throw translate(error, 'userinfo')
    })
  if (answer.status !== 200) {
    throw new PosternError(
      'POSTERN_PROVIDER_INVALID',
      `userinfo: unexpected answer with status ${answer.status}`,
    )
  }
  return mapUserInfo(await parseJson(answer), mapping)
}

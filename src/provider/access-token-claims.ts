import { decodeJwt, jwtVerify } from 'jose'
import type { Claims } from '../core/session.ts'
import type { ProviderConfig, ProviderLog } from './provider-config.ts'
import { translate } from './provider-errors.ts'
import type { SigningKeys } from './signing-keys.ts'

/**
 * The claims of an access token, if it is a JWT of the issuer about this subject that verifies against the issuer's keys; else none,
 * and the log says why. Never rejects: whoever lacks the claims is refused by the rules that ask for them.
 * @see RFC 9068 section 4
 */
export async function claimsOfAccessToken(
  accessToken: string,
  sub: string,
  options: { config: ProviderConfig; keys: SigningKeys; clock: () => number; log: ProviderLog },
): Promise<Claims> {
  const { config, keys, clock, log } = options
  try {
    const { payload } = await jwtVerify(accessToken, keys.find, {
      issuer: config.issuer as string,
      subject: sub,
      algorithms: [...config.id_token_algorithms],
      currentDate: new Date(clock() * 1000),
      clockTolerance: config.clock_tolerance / 1000,
      requiredClaims: ['exp'],
    })
    return payload
  } catch (error) {
    const { code, detail } = translate(error, 'keys')
    log.warn({ code, detail }, 'the claims of the access token are not used')
    return {}
  }
}

/** The claims of a token that was verified when it came, or none when it is not a JWT. */
export function claimsOfFormer(token: string | undefined): Claims {
  try {
    return decodeJwt(token as string)
  } catch {
    return {}
  }
}

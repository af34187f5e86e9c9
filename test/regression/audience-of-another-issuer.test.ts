import t from 'tap'
import { makeKey, now, signToken, startServer } from '../bearer/key-server.ts'
import { startGateway } from '../support/gateway.ts'
import { startRecorder } from '../support/recorder.ts'
import { requestBytes } from '../support/scene.ts'

// The audience of a route counted whoever had written it into the token: an issuer that is trusted for one API opened another one.

t.test(
  'what a token says of the audience of another issuer opens no route that is narrowed to it',
  async (t) => {
    const server = await startServer(t)
    const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
    t.teardown(upstream.close)
    const partner = { issuer: 'https://partner.example', key: await makeKey('partner') }
    const own = { issuer: 'https://login.example', key: await makeKey('own') }
    server.answers['/partner'] = { keys: [partner.key.jwk] }
    server.answers['/own'] = { keys: [own.key.jwk] }
    const issuerOf = (issuer: string, name: string, audience: string) =>
      `{ issuer: "${issuer}", audience: ${audience}, jwks_uri: "${server.origin}/${name}", type: at+jwt }`
    const gateway = await startGateway(t, {
      provider: 'none',
      upstream: upstream.origin,
      bearer: `issuers: [${[
        issuerOf(partner.issuer, 'partner', '[https://partner-api.example, https://both.example]'),
        issuerOf(own.issuer, 'own', '[https://pay.example, https://both.example]'),
      ].join()}]`,
      routes: [
        'path: /pay/**, access: authenticated, audience: [https://pay.example]',
        'path: /both/**, access: authenticated, audience: [https://both.example]',
        'path: /**, access: authenticated',
      ],
      clock: () => now,
    })
    const statusOf = async (path: string, token: string) => {
      const headers = [`Authorization: Bearer ${token}`]
      const answer = await gateway.exchange(requestBytes(gateway, `GET ${path}`, headers))
      return Number(answer.slice(9, 12))
    }
    const aud = ['https://partner-api.example', 'https://pay.example', 'https://both.example']
    const foreign = await signToken(partner.key, partner.issuer, { aud })
    t.equal(await statusOf('/pay/x', foreign), 401)
    t.equal(await statusOf('/both/x', foreign), 200, 'an audience of both issuers')
    t.equal(await statusOf('/x', foreign), 200, 'where no audience is named')
    t.equal(await statusOf('/pay/x', await signToken(own.key, own.issuer, { aud })), 200, 'the issuer for it')
  },
)

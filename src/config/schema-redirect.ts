import { z } from 'zod'
import { documented } from './documented.ts'
import { checked, distinct } from './text.ts'

const allowedHost = checked(
  'must be a host like app.example.com or app.example.com:8443, or *.example.com for those below it',
  (text) => /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::[1-9]\d{0,4})?$/i.test(text),
)

/** The `redirect` section: where people may be sent after signing in or out. */
export const redirectSchema = z.strictObject({
  allowed_hosts: documented(
    distinct(
      allowedHost.transform((text) => text.toLowerCase()),
      'must be a list of hosts',
    ).exactOptional(),
    {
      type: 'list of hosts',
      meaning:
        'Other hosts that `rd` may lead to: exact, or `*.example.com` for every host below it, with the port unless it is the usual one. The scheme is that of `public_url`. Hosts that share the session by `session.cookie.domain` need not be listed.',
      example: ['*.apps.example.com', 'wiki.example.com:8443'],
    },
  ),
})

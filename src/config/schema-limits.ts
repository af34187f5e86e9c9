import { z } from 'zod'
import { countOrNone } from './count.ts'
import { documented } from './documented.ts'
import { durationUnit, shortDuration, shortDurationOrNone } from './duration.ts'
import { conflictIf, withRelations } from './relation.ts'
import { bodySizeOrNone, headSize, sizeUnit } from './size.ts'

/** The `server.limits` section: how much a client may ask for. */
export const limitsSchema = z.strictObject({
  max_headers: documented(headSize.prefault('48KiB'), {
    type: 'size',
    unit: sizeUnit,
    meaning:
      'The longest head of a request: its target and headers together; 431 for more. Sessions are large cookies: the default has room for the largest one.',
    example: '64KiB',
  }),
  max_body: documented(bodySizeOrNone.prefault('none'), {
    type: 'size, or none',
    unit: sizeUnit,
    meaning:
      'The longest body of a request to an upstream; 413 for more, at once where the length is announced. A route may say otherwise.',
    example: '10MiB',
  }),
  max_connections: documented(countOrNone.prefault('none'), {
    type: 'number, or none',
    unit: 'connections',
    meaning:
      'How many connections of clients may be open. One too many is closed as it comes, without an answer.',
    example: 20_000,
  }),
  max_connections_per_client: documented(countOrNone.prefault('none'), {
    type: 'number, or none',
    unit: 'connections',
    meaning:
      'How many of them may be of one address, or of one IPv6 network (/64). Trusted proxies may have any number. One too many is closed as it comes, without an answer.',
    example: 100,
  }),
  max_requests_per_connection: documented(countOrNone.prefault('none'), {
    type: 'number, or none',
    unit: 'requests',
    meaning:
      'After how many requests a connection is closed, so that clients spread over several instances again.',
    example: 10_000,
  }),
  logins_per_minute: documented(countOrNone.prefault(300), {
    type: 'number, or none',
    unit: 'logins a minute',
    meaning:
      'How many logins one client may begin; 429 for more. The client is what trusted proxies say it is, an IPv6 network (/64) is one client. A proxy that is not trusted is one client, with everybody behind it.',
    example: 60,
  }),
})

const timeouts = z.strictObject({
  headers: documented(shortDuration.prefault('15s'), {
    type: 'duration',
    unit: durationUnit,
    meaning: 'How long a client may take to send the head of a request.',
    example: '10s',
  }),
  request: documented(shortDurationOrNone.prefault('none'), {
    type: 'duration, or none',
    unit: durationUnit,
    meaning:
      'How long a client may take to send a whole request, its body included. An upload takes as long as it takes by default; `upstreams.NAME.timeouts.body` ends one that pauses.',
    example: '5m',
  }),
  send: documented(shortDurationOrNone.prefault('2m'), {
    type: 'duration, or none',
    unit: durationUnit,
    meaning:
      'How long a client may leave a piece of an answer or of a WebSocket unread, before its connection is closed.',
    example: '30s',
  }),
  keep_alive: documented(shortDuration.prefault('75s'), {
    type: 'duration',
    unit: durationUnit,
    meaning:
      'How long an idle connection of a client is kept. Longer than that of the load balancer in front.',
    example: '2m',
  }),
})

/** The `server.timeouts` section: how long to wait for clients. */
export const timeoutsSchema = withRelations(timeouts, [
  {
    reads: [['headers'], ['request']],
    find: ({ headers, request }) =>
      conflictIf(
        request !== 'none' && request < headers,
        ['request'],
        'must not be shorter than "headers", which is a part of it',
      ),
  },
])

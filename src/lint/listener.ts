import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import { isLoopback } from '../config/web-url.ts'

/** Finds a listener that is open to the network by default, though browsers reach it on this machine only. */
export function findOpenListener({ config: { server }, isWritten }: Source): readonly Finding[] {
  // Who writes an address means it: in a container every one of them is needed.
  if (isWritten(['server', 'listen']) || !server.public_url.every(isLoopback)) return []
  return [
    {
      path: ['server', 'listen'],
      message:
        'is every address of this machine by default, though "public_url" is for this machine alone; write "listen: 127.0.0.1:4180"',
    },
  ]
}

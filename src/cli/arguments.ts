import { InvalidArgumentError } from 'commander'

/** Reads a TCP port, 1 to 65535; throws InvalidArgumentError. */
export function portNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value
  throw new InvalidArgumentError('Give a port number.')
}

/** Reads a number of seconds, more than none and an hour at most; throws InvalidArgumentError. */
export function seconds(text: string): number {
  const value = Number(text)
  if (value > 0 && value <= 3600) return value
  throw new InvalidArgumentError('Give a number of seconds.')
}

/** Reads `host:port`, an IPv6 address in brackets; throws InvalidArgumentError. */
export function hostAndPort(text: string): string {
  if (isHost(text) && /:\d+$/.test(text)) return text
  throw new InvalidArgumentError('Give a host and a port, like 127.0.0.1:4180.')
}

/** Reads the origin of a service: nothing behind the host, or it would get other paths than were judged. */
export function webOrigin(text: string): string {
  const [, rest = ''] = /^https?:\/\/(.+)$/.exec(text) ?? []
  if (isHost(rest)) return text
  throw new InvalidArgumentError('Give an origin like http://127.0.0.1:8080, with nothing behind the host.')
}

/** With a port or without. Nothing in it means anything to a configuration file that it is printed into. */
function isHost(text: string): boolean {
  const found = /^(?:[a-z\d_-]+(?:\.[a-z\d_-]+)*|\[[\da-f:]+\])(?::([1-9]\d{0,4}))?$/i.exec(text)
  return found !== null && Number(found[1] ?? 0) < 65_536
}

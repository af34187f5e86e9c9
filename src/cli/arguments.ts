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

/** Reads `host:port`, as another program will reach it; throws InvalidArgumentError. */
export function hostAndPort(text: string): string {
  const [, port] = /^(?:[\w.-]+|\[[\da-f:]+\]):(\d{1,5})$/i.exec(text) ?? []
  if (Number(port) > 0 && Number(port) < 65_536) return text
  throw new InvalidArgumentError('Give a host and a port, like postern:4180.')
}

/** Reads the URL of a service, without a path; throws InvalidArgumentError. */
export function serviceUrl(text: string): string {
  if (/^https?:\/\/(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/i.test(text)) return text
  throw new InvalidArgumentError('Give a URL without a path, like http://app:8080.')
}

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

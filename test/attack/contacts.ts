import { Socket } from 'node:net'
import type { Test } from 'tap'

/** Every `host:port` that this process connected to, in order. */
export type Contacts = readonly string[]

/** Writes down each outgoing connection of this process, tried or made, until the test ends. */
export function watchContacts(t: Test): Contacts {
  const contacts: string[] = []
  const { connect } = Socket.prototype
  Socket.prototype.connect = function (this: Socket, ...given: unknown[]) {
    const [first, second] = given.flat() as [unknown, unknown]
    contacts.push(addressOf(first, second))
    return Reflect.apply(connect, this, given)
  } as typeof connect
  t.teardown(() => {
    Socket.prototype.connect = connect
  })
  return contacts
}

function addressOf(first: unknown, second: unknown): string {
  if (typeof first !== 'object' || first === null) return `${String(second)}:${String(first)}`
  const { host = 'localhost', port, path } = first as { host?: string; port?: number | string; path?: string }
  return port === undefined ? String(path) : `${host}:${port}`
}

/** The contacts that are with none of these origins. */
export function strangersIn(contacts: Contacts, origins: readonly string[]): string[] {
  const ports = new Set(origins.map((origin) => new URL(origin).port))
  const isOurs = (contact: string) =>
    /^(?:127\.0\.0\.1|localhost):\d+$/.test(contact) && ports.has(contact.split(':')[1] as string)
  return contacts.filter((contact) => !isOurs(contact))
}

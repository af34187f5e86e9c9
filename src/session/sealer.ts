import { hkdfSync } from 'node:crypto'
import secureSession from '@fastify/secure-session'
import fastify from 'fastify'

/** What a seal held; `isStale` when another key than the first of the ring opened it, so that it should be sealed again. */
export type Opened = Readonly<{ value: unknown; isStale: boolean }>

/** Encrypts and authenticates values for cookies, each under the key of its purpose. */
export type Sealer = Readonly<{
  /** Seals a JSON value; the text consists of letters, digits, `-` and `_`. */
  seal(purpose: string, value: object): string
  /** Opens a seal made for the same purpose; undefined for anything else, whatever it is. Never throws on bad input. */
  open(purpose: string, sealed: string): Opened | undefined
}>

const keyBytes = 32
const nonceBytes = 24

/**
 * Makes a sealer from a key ring: the first key seals, all of them open.
 * Every purpose has keys of its own, derived with HKDF-SHA256 (RFC 5869), and is repeated inside the seal, because
 * secretbox has no associated data: under one key, a seal made for one cookie would open as another.
 * @param keys 32 bytes each, at least one.
 * @param purposes All purposes that will be used; an unknown one is an error at `seal` and `open`.
 * @throws {RangeError} when the ring is empty or a key has another length.
 */
export async function createSealer(keys: readonly Buffer[], purposes: readonly string[]): Promise<Sealer> {
  if (keys.length === 0 || keys.some((key) => key.length !== keyBytes)) {
    throw new RangeError(`a key ring needs at least one key, and each of them ${keyBytes} bytes`)
  }
  const box = await createBox(keys, purposes)

  return Object.freeze({
    seal(purpose: string, value: object): string {
      const session = box.createSecureSession({ purpose, value })
      const [cipher = '', nonce = ''] = box.encodeSecureSession(session, purpose).split(';')
      return Buffer.concat([Buffer.from(nonce, 'base64'), Buffer.from(cipher, 'base64')]).toString(
        'base64url',
      )
    },

    open(purpose: string, sealed: string): Opened | undefined {
      const bytes = Buffer.from(sealed, 'base64url')
      // Node reads base64 leniently; only the one canonical spelling is ours.
      if (bytes.toString('base64url') !== sealed) return undefined
      const nonce = bytes.subarray(0, nonceBytes).toString('base64')
      const cipher = bytes.subarray(nonceBytes).toString('base64')
      const session = box.decodeSecureSession(`${cipher};${nonce}`, box.log, purpose)
      if (session === null || session.get('purpose') !== purpose) return undefined
      return { value: session.get('value'), isStale: session.changed }
    },
  })
}

/** The sealing primitive: @fastify/secure-session in an instance that never listens and handles no request. */
async function createBox(keys: readonly Buffer[], purposes: readonly string[]) {
  const box = fastify()
  await box.register(
    secureSession,
    purposes.map((purpose) => ({
      sessionName: purpose,
      key: keys.map((key) => deriveKey(key, purpose)),
      // The library's expiry goes by the wall clock; ours is inside `value`.
      expiry: Number.MAX_SAFE_INTEGER,
    })),
  )
  await box.ready()
  return box
}

function deriveKey(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `postern ${purpose}`, keyBytes))
}

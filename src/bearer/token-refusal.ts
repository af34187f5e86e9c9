import type { TokenFault } from '../core/bearer-token.ts'

/** A token that does not count, thrown on the way to finding out. */
export class TokenRefusal extends Error {
  readonly fault: TokenFault

  constructor(fault: TokenFault) {
    super(fault)
    this.name = 'TokenRefusal'
    this.fault = fault
  }
}

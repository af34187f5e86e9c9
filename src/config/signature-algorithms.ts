/** The signatures that can be accepted: asymmetric ones only (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
export const signatureAlgorithms = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const

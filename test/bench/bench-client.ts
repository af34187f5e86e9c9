/** How every gateway under measurement is registered at the bench's provider. */
export const benchClient = {
  id: 'bench',
  secret: 'a client secret that guards nothing but a measurement',
  callbackPath: '/oauth2/callback',
  scopes: ['openid', 'profile', 'email'],
} as const

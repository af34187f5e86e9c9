import { type Html, html } from './html.ts'

type Refusal = Readonly<{ status: number; detail: string; body?: Html }>

const setup = 'The identity provider did not accept how this gateway asked.'

// RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6, RFC 9470 section 5.
const known = new Map<string, Refusal>([
  ['access_denied', { status: 403, detail: 'You, or the identity provider, cancelled the sign-in.' }],
  ['login_required', { status: 403, detail: 'The identity provider wants you to sign in there first.' }],
  [
    'interaction_required',
    { status: 403, detail: 'The identity provider needs you to do something there first.' },
  ],
  ['consent_required', { status: 403, detail: 'The identity provider needs your consent first.' }],
  [
    'account_selection_required',
    { status: 403, detail: 'Choose at the identity provider which account to use.' },
  ],
  [
    'unmet_authentication_requirements',
    { status: 403, detail: 'The identity provider cannot sign you in as strongly as this page asks for.' },
  ],
  ['temporarily_unavailable', { status: 503, detail: 'The identity provider is too busy at the moment.' }],
  ['server_error', { status: 502, detail: 'Something went wrong at the identity provider.' }],
  ['invalid_request', { status: 502, detail: setup }],
  [
    'invalid_scope',
    { status: 502, detail: 'The identity provider does not know a permission that was asked for.' },
  ],
  ['unauthorized_client', { status: 502, detail: setup }],
  ['unsupported_response_type', { status: 502, detail: setup }],
])

/**
 * What an `error` parameter of the callback means. The code of an unknown error is shown if it looks like one;
 * `error_description` and `error_uri` never are, for anybody can put any text into them.
 */
export function refusalText(error: string): Refusal {
  const refusal = known.get(error) ?? { status: 403, detail: 'The identity provider did not let you in.' }
  if (!/^[A-Za-z][\w.-]{0,63}$/.test(error)) return refusal
  return { ...refusal, body: html`<p class="quiet">The identity provider said <code>${error}</code>.</p>` }
}

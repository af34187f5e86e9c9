import { type Html, html } from './html.ts'
import { button, layout, nameList, type Page, type PageFacts } from './layout.ts'
import type { Missing } from './problem.ts'

/** 403: signed in, but without what the rule asks for. `who` is a name the person knows themselves by. */
export function forbiddenPage(facts: PageFacts & Readonly<{ who: string; missing: Missing }>): Page {
  const { scopes = [], anyScope = [], claims = [] } = facts.missing
  return layout(facts, {
    status: 403,
    title: 'You do not have access to this page',
    detail: 'Your account lacks a permission that this page asks for.',
    body: html`<p>You are signed in as <bdi>${facts.who}</bdi>.</p>
${section('Permission needed', scopes)}
${section('One of these permissions needed', anyScope)}
${section('Missing or different in your account', claims)}`,
    action: button(`${facts.prefix}/sign_out`, 'Use another account'),
  })
}

function section(heading: string, names: readonly string[]): Html | undefined {
  if (names.length === 0) return undefined
  return html`<h2>${heading}</h2>${nameList(names.map((name) => html`<code>${name}</code>`))}`
}

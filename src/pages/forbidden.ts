import { type Html, html } from './html.ts'
import { button, layout, nameList, type Page, type PageFacts } from './layout.ts'
import type { Missing } from './problem.ts'

type Facts = PageFacts &
  Readonly<{
    /** A name the person knows themselves by. */
    who: string
    missing: Missing
    /** The address that asks the provider for it once more, where that is allowed. */
    again?: string
  }>

/** 403: signed in, but without what the rule asks for. */
export function forbiddenPage(facts: Facts): Page {
  const otherAccount = `${facts.prefix}/sign_out`
  const { scopes = [], anyScope = [], claims = [] } = facts.missing
  return layout(facts, {
    status: 403,
    title: 'You do not have access to this page',
    detail: 'Your account lacks a permission that this page asks for.',
    body: html`<p>You are signed in as <bdi>${facts.who}</bdi>.</p>
${section('Permission needed', scopes)}
${section('One of these permissions needed', anyScope)}
${section('Missing or different in your account', claims)}`,
    action:
      facts.again === undefined
        ? button(otherAccount, 'Use another account')
        : html`${button(facts.again, 'Ask for permission again')}
<p class="quiet"><a href="${otherAccount}">Use another account</a></p>`,
  })
}

function section(heading: string, names: readonly string[]): Html | undefined {
  if (names.length === 0) return undefined
  return html`<h2>${heading}</h2>${nameList(names.map((name) => html`<code>${name}</code>`))}`
}

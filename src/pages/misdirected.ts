import { html } from './html.ts'
import { button, layout, type Page, type PageFacts } from './layout.ts'

/** 421: the Host header names nobody we speak for. Tells the first configured public address and nothing more. */
export function misdirectedPage(facts: PageFacts & Readonly<{ host: string; publicUrl: string }>): Page {
  return layout(facts, {
    status: 421,
    title: 'This address is not served here',
    detail: 'The request reached a gateway that does not answer for the host it asked for.',
    body: html`<p>It asked for <bdi>${facts.host}</bdi>.</p>`,
    action: button(facts.publicUrl, `Go to ${new URL(facts.publicUrl).host}`),
    operator: html`<ul><li>Add the origin to <code>server.public_url</code>, or a rule with this
<code>host</code>.</li><li>Behind another proxy, let it keep the Host header, or name it in
<code>server.trusted_proxies</code>.</li></ul>`,
  })
}

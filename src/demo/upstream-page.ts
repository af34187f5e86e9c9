import { type Html, html, trusted } from '../pages/html.ts'
import { document } from './document.ts'
import type { RequestView } from './request-view.ts'

const places = [
  ['/', 'Start', 'open to all; knows you if you are signed in'],
  ['/public/hello', 'Public', 'open to all; your token stays away'],
  ['/account', 'Your account', 'for anybody signed in'],
  ['/orders', 'Orders', 'takes the scope orders:read; the form takes orders:write'],
  ['/reports', 'Reports', 'takes orders:write or admin'],
  ['/admin', 'Administration', 'takes the scope admin and the group staff'],
  ['/api/me', 'JSON', 'what an API of yours would see'],
  ['/nowhere', 'Nowhere', 'no rule names it'],
] as const

const script = trusted(`<script>
const $ = (id) => document.getElementById(id)
const say = (text) => { $('out').textContent = (text + '\\n' + $('out').textContent).slice(0, 4000) }
const show = (mark, exp) => { $('mark').textContent = mark; $('clock').dataset.exp = exp }
const tick = () => {
  const exp = Number($('clock').dataset.exp)
  const left = Math.max(0, Math.round(exp - Date.now() / 1000))
  if (exp) $('clock').textContent = left > 0 ? left + ' s left' : 'over: the next request brings a new one'
}
tick(); setInterval(tick, 500)
$('call').onclick = async () => {
  const response = await fetch('/api/me', { headers: { accept: 'application/json' } })
  const body = await response.json()
  say('/api/me: ' + response.status + ' ' + (body.token ? 'with token ' + body.token.mark : body.error || 'without token'))
  if (body.token?.claims) show(body.token.mark, body.token.claims.exp)
}
let stream
$('events').onclick = () => {
  if (stream) { stream.close(); stream = undefined; $('events').textContent = 'Start the ticker'; return }
  stream = new EventSource('/events')
  stream.onmessage = (event) => say('event: ' + event.data)
  stream.onerror = () => say('event stream: interrupted')
  $('events').textContent = 'Stop the ticker'
}
let socket
$('echo').onsubmit = (event) => {
  event.preventDefault()
  const text = $('text').value
  if (socket?.readyState === 1) return socket.send(text)
  socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws')
  socket.onopen = () => socket.send(text)
  socket.onmessage = (message) => say('echo: ' + message.data)
  socket.onclose = (end) => say('WebSocket closed (' + end.code + ')')
}
</script>`)

/** The page that shows a request exactly as it arrived, and what else to try. */
export function upstreamPage(view: RequestView, user: string | undefined): string {
  const [path] = view.target.split('?')
  const body = html`<header><strong>Demo application</strong>${signedIn(user)}</header>
<div class="columns">
<nav><h2>Try</h2><ul>${places.map(([href, name, hint]) => place(href, name, hint, href === path))}</ul></nav>
<div>
${tokenSection(view)}
${path === '/orders' ? orderForm : undefined}
${liveSection}
${requestSection(view)}
</div>
</div>`
  return document(`${view.method} ${view.target}`, body, 'wide', script)
}

function signedIn(user: string | undefined): Html {
  if (user === undefined) return html`<span>not signed in · <a href="/oauth2/start?rd=/">Sign in</a></span>`
  return html`<span>signed in as <bdi>${user}</bdi> · <a href="/oauth2/sign_out">Sign out</a></span>`
}

function place(href: string, name: string, hint: string, isHere: boolean): Html {
  const here = isHere ? trusted(' aria-current="page"') : undefined
  return html`<li><a href="${href}"${here}>${name}<small>${hint}</small></a></li>`
}

function tokenSection({ token }: RequestView): Html {
  const exp = token?.claims?.exp
  const claims = token?.claims && html`<pre>${JSON.stringify(token.claims, undefined, 2)}</pre>`
  return html`<section><h2>Access token</h2>
<div class="clock" id="clock" data-exp="${exp}">${token ? 'present' : 'none came with this request'}</div>
<p class="quiet">Mark: <code id="mark">${token?.mark ?? 'none'}</code>. It changes when the gateway has refreshed the token;
you notice nothing else of it.</p>${claims && html`<details><summary>Claims</summary>${claims}</details>`}</section>`
}

function requestSection(view: RequestView): Html {
  const rows = view.headers.map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>`)
  return html`<section><h2>The request, exactly as it arrived</h2><pre>${view.method} ${view.target}</pre>
<table>${rows}</table>${view.body && html`<h2>Body</h2><pre>${view.body}</pre>`}</section>`
}

const orderForm = html`<section><h2>Order something</h2>
<form class="row" method="post" action="/orders"><input name="item" value="A door handle" aria-label="Item">
<button class="button">Send POST</button></form></section>`

const liveSection = html`<section><h2>Live</h2>
<div class="row"><button class="button plain" id="call">Call the API</button>
<button class="button plain" id="events">Start the ticker</button></div>
<form class="row" id="echo"><input id="text" value="hello" aria-label="Text to echo">
<button class="button plain">Send by WebSocket</button></form>
<output id="out"></output></section>`

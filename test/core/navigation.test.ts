import t from 'tap'
import {
  isCrossOriginFetch,
  isCrossSite,
  isForeignUpgrade,
  isForPerson,
  isNavigation,
  isRetrieval,
} from '../../src/core/navigation.ts'

const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

t.test('Fetch Metadata says what is a navigation', async (t) => {
  t.equal(isNavigation('GET', { 'sec-fetch-mode': 'navigate' }), true)
  t.equal(isNavigation('HEAD', { 'sec-fetch-mode': 'navigate' }), true)
  t.equal(isNavigation('POST', { 'sec-fetch-mode': 'navigate', accept: html }), false)
  t.equal(isNavigation('GET', { 'sec-fetch-mode': 'navigate', 'x-requested-with': 'x' }), true)
  for (const mode of ['cors', 'no-cors', 'same-origin', 'websocket', '', 'navigate, cors', 'Navigate']) {
    t.equal(isNavigation('GET', { 'sec-fetch-mode': mode, accept: html }), false, mode)
  }
  t.equal(isNavigation('GET', { 'sec-fetch-mode': ['navigate', 'cors'], accept: html }), false)
})

t.test('without it, a GET that accepts HTML and comes from no script is one', async (t) => {
  for (const accept of [
    html,
    'text/html',
    'TEXT/HTML',
    'application/json, text/html;q=0.1',
    'text/html;level=1',
    'text/html ; q=1.0',
  ]) {
    t.equal(isNavigation('GET', { accept }), true, accept)
    t.equal(isNavigation('HEAD', { accept }), true, accept)
    t.equal(isNavigation('POST', { accept }), false, accept)
    t.equal(isNavigation('GET', { accept, 'x-requested-with': 'XMLHttpRequest' }), false, accept)
    t.equal(isNavigation('GET', { accept, 'x-requested-with': '' }), false, accept)
  }
  for (const accept of [
    '',
    '*/*',
    'text/*',
    'application/json',
    'text/html;q=0',
    'text/html; Q=0.000',
    'text/htmlx',
    'x/y;a=text/html',
    'text/event-stream',
  ]) {
    t.equal(isNavigation('GET', { accept }), false, accept)
  }
  t.equal(isNavigation('GET', {}), false)
  t.equal(isNavigation('GET', { accept: ['text/html', '*/*'] }), true)
})

t.test('a person sees the answer to a form too, whatever its method', async (t) => {
  t.equal(isForPerson({ 'sec-fetch-mode': 'navigate' }), true)
  t.equal(isForPerson({ 'sec-fetch-mode': 'cors', accept: html }), false)
  t.equal(isForPerson({ accept: html }), true)
  t.equal(isForPerson({ accept: html, 'x-requested-with': 'XMLHttpRequest' }), false)
  t.equal(isForPerson({}), false)
})

t.test('what is fetched for a script of another origin has an Origin and is no page view', async (t) => {
  const origin = 'https://spa.example'
  t.equal(isCrossOriginFetch({ origin, 'sec-fetch-mode': 'cors' }), true)
  t.equal(isCrossOriginFetch({ origin, accept: html }), true, 'browsers without Fetch Metadata')
  t.equal(isCrossOriginFetch({ origin: 'null' }), true)
  t.equal(isCrossOriginFetch({ origin, 'sec-fetch-mode': 'navigate' }), false)
  t.equal(isCrossOriginFetch({ 'sec-fetch-mode': 'cors' }), false, 'of our own')
})

t.test('only GET and HEAD retrieve', async (t) => {
  t.same(['GET', 'HEAD', 'OPTIONS', 'POST', 'get'].map(isRetrieval), [true, true, false, false, false])
})

const isOurs = (origin: string) => origin === 'https://app.example.com' || origin === 'https://allowed.test'
const crossSite = (headers: Record<string, string | string[]>, method = 'POST') =>
  isCrossSite(method, headers, isOurs)

t.test('a safe method is never cross-site, whatever it says', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) {
    t.equal(crossSite({ origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }, method), false)
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'get']) {
    t.equal(crossSite({ origin: 'https://evil.test' }, method), true)
  }
})

t.test('Sec-Fetch-Site decides where there is no Origin', async (t) => {
  t.equal(crossSite({ 'sec-fetch-site': 'cross-site' }), true)
  t.equal(crossSite({ 'sec-fetch-site': 'same-site' }), true)
  t.equal(crossSite({ 'sec-fetch-site': 'same-origin' }), false)
  t.equal(crossSite({ 'sec-fetch-site': 'none' }), false)
  t.equal(crossSite({}), false)
})

t.test('an Origin must be ours or allowed', async (t) => {
  t.equal(crossSite({ origin: 'https://app.example.com', 'sec-fetch-site': 'same-origin' }), false)
  t.equal(crossSite({ origin: 'https://allowed.test', 'sec-fetch-site': 'cross-site' }), false)
  t.equal(crossSite({ origin: 'https://app.example.com.evil.test', 'sec-fetch-site': 'same-origin' }), true)
  t.equal(crossSite({ origin: 'https://app.example.com, https://evil.test' }), true)
  t.equal(crossSite({ origin: '' }), true)
})

t.test('a null Origin is only accepted from a page that the browser calls same-origin', async (t) => {
  t.equal(crossSite({ origin: 'null' }), true)
  t.equal(crossSite({ origin: 'null', 'sec-fetch-site': 'cross-site' }), true)
  t.equal(crossSite({ origin: 'null', 'sec-fetch-site': 'same-site' }), true)
  t.equal(crossSite({ origin: 'null', 'sec-fetch-site': 'none' }), true)
  t.equal(crossSite({ origin: 'null', 'sec-fetch-site': 'same-origin' }), false)
})

t.test('a WebSocket handshake needs an Origin of ours', async (t) => {
  t.equal(isForeignUpgrade({ origin: 'https://app.example.com' }, isOurs), false)
  t.equal(isForeignUpgrade({ origin: 'https://allowed.test', 'sec-fetch-site': 'cross-site' }, isOurs), false)
  for (const origin of [
    'null',
    '',
    'https://evil.test',
    'https://sibling.example.com',
    'http://app.example.com',
  ]) {
    t.equal(isForeignUpgrade({ origin, 'sec-fetch-site': 'same-origin' }, isOurs), true, origin)
  }
  t.equal(isForeignUpgrade({}, isOurs), true)
  t.equal(isForeignUpgrade({ 'sec-fetch-site': 'same-origin' }, isOurs), true)
})

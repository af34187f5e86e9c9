import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { load, problemLines, writeConfig, yamlWith } from './support.ts'

const section = (keys: string) => ({ tracing: `tracing: { ${keys} }` })
const problems = (keys: string) =>
  problemLines(t, yamlWith(section(keys))).map((line) => line.replace(/^\S+ {2}/, ''))

t.test('there is none by default, and every key has its default when there is', async (t) => {
  t.equal(load(t, {}).tracing, undefined)
  t.strictSame(load(t, section('otlp_endpoint: "http://collector:4318"')).tracing, {
    otlp_endpoint: 'http://collector:4318/v1/traces',
    sample: 1,
    service_name: 'postern',
    headers: {},
    tls: {},
  })
})

t.test('the path for traces is added unless it is there', async (t) => {
  const read = (url: string) => load(t, section(`otlp_endpoint: "${url}"`)).tracing?.otlp_endpoint
  t.equal(read('https://otlp.example.com/otlp/'), 'https://otlp.example.com/otlp/v1/traces')
  t.equal(read('https://otlp.example.com/v1/traces'), 'https://otlp.example.com/v1/traces')
})

t.test('headers are written, or in a file', async (t) => {
  const url = 'otlp_endpoint: "https://otlp.example.com"'
  t.strictSame(load(t, section(`${url}, headers: { X-Key: secret }`)).tracing?.headers, { 'X-Key': 'secret' })
  const text = yamlWith(section(`${url}, headers_file: keys`))
  const path = writeConfig(t, text, { keys: 'Authorization: Basic eDp5\nX-Key:a b\n' })
  t.strictSame(loadConfig(path, { env: {} }).tracing?.headers, {
    Authorization: 'Basic eDp5',
    'X-Key': 'a b',
  })
  for (const content of ['', 'no header', 'Host: x', 'A: 1\n\nB: 2', 'a b: c']) {
    const wrong = writeConfig(t, text, { keys: content })
    t.throws(
      () => loadConfig(wrong, { env: {} }),
      /tracing\.headers_file {2}must name a file with one header a line/,
    )
  }
})

t.test('says what is wrong', async (t) => {
  const url = 'otlp_endpoint: "http://collector:4318"'
  t.match(problems('sample: 1'), [/tracing\.otlp_endpoint/])
  for (const wrong of ['collector:4318', 'http://collector/?a=b', 'http://u:p@collector', 'ftp://collector'])
    t.match(problems(`otlp_endpoint: "${wrong}"`), [/tracing\.otlp_endpoint {2}must be a URL like/])
  t.match(problems(`${url}, sample: 2`), [/tracing\.sample {2}must be a number from 0 to 1/])
  t.match(problems(`${url}, sample: half`), [/tracing\.sample {2}must be a number from 0 to 1/])
  t.match(problems(`${url}, service_name: ""`), [/tracing\.service_name {2}must be a name/])
  t.match(problems('otlp_endpoint: "https://c", headers: { Content-Type: x }'), [/tracing\.headers/])
  t.match(problems('otlp_endpoint: "https://c", headers: secret'), [/tracing\.headers {2}must be a map/])
  t.match(problems(`${url}, headers: { X-Key: secret }`), [/tracing\.otlp_endpoint {2}must begin with https/])
  t.match(problems('otlp_endpoint: "https://c", headers: { A: b }, headers_file: absent'), [
    /cannot be read/,
    /stands beside "headers"/,
  ])
})

t.test('loopback needs no https', async (t) => {
  const { tracing } = load(t, section('otlp_endpoint: "http://127.0.0.1:4318", headers: { X-Key: secret }'))
  t.strictSame(tracing?.headers, { 'X-Key': 'secret' })
})

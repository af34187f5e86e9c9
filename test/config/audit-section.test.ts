import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { load, problemLines, testKey, writeConfig, yamlWith } from './support.ts'

const section = (keys: string) => ({ audit: `audit: { ${keys} }` })
const problems = (keys: string) =>
  problemLines(t, yamlWith(section(keys))).map((line) => line.replace(/^\S+ {2}/, ''))

t.test('there is none by default, and every key has its default when there is', async (t) => {
  t.equal(load(t, {}).audit, undefined)
  t.strictSame(load(t, section('file: /var/log/audit.jsonl')).audit, {
    file: '/var/log/audit.jsonl',
    subjects: 'plain',
    denied: true,
    allowed: 0,
    pseudonym_key: undefined,
  })
})

t.test('a pseudonym key is written, or in a file', async (t) => {
  const key = Buffer.from(testKey, 'base64')
  const common = 'file: stdout, subjects: pseudonymous'
  t.strictSame(load(t, section(`${common}, pseudonym_key: "${testKey}"`)).audit?.pseudonym_key, key)
  t.throws(() => load(t, section(`${common}, pseudonym_key_file: secret`)), /32 random bytes/)
  t.throws(() => load(t, section(`${common}, pseudonym_key_file: absent`)), /cannot be read/)
})

t.test('says what is wrong', async (t) => {
  t.match(problems('subjects: plain'), [/audit\.file/])
  t.match(problems('file: audit.jsonl'), [/audit\.file {2}must be an absolute path, or stdout/])
  t.match(problems('file: stdout, subjects: nobody'), [/audit\.subjects/])
  t.match(problems('file: stdout, allowed: 2'), [/audit\.allowed {2}must be a number from 0 to 1/])
  t.match(problems('file: stdout, allowed: all'), [/audit\.allowed {2}must be a number from 0 to 1/])
  t.match(problems('file: stdout, denied: some'), [/audit\.denied {2}must be true or false/])
  t.match(problems('file: stdout, subjects: pseudonymous'), [/audit\.pseudonym_key {2}is required with/])
  t.match(problems(`file: stdout, pseudonym_key: "${testKey}"`), [
    /audit\.pseudonym_key {2}has no use beside/,
  ])
  t.match(problems('file: stdout, subjects: pseudonymous, pseudonym_key: short'), [/32 random bytes/])
  t.match(
    problems(`file: stdout, subjects: pseudonymous, pseudonym_key: "${testKey}", pseudonym_key_file: keys`),
    [/32 random bytes/, /stands beside/],
  )
})

t.test('a key file has no use beside plain subjects either', async (t) => {
  const key = Buffer.from(testKey, 'base64')
  const files = { ...section('file: stdout, subjects: pseudonymous, pseudonym_key_file: pseudonyms') }
  const path = writeConfig(t, yamlWith(files), { pseudonyms: `${testKey}\n` })
  t.strictSame(loadConfig(path, { env: {} }).audit?.pseudonym_key, key)
  const plain = writeConfig(t, yamlWith(section('file: stdout, pseudonym_key_file: pseudonyms')), {
    pseudonyms: `${testKey}\n`,
  })
  t.throws(() => loadConfig(plain, { env: {} }), /audit\.pseudonym_key_file {2}has no use beside/)
})

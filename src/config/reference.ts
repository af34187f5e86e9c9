import { stringify } from 'yaml'
import { configJsonSchema, type JsonSchema } from './json-schema.ts'

const introduction = `# The configuration, key by key

Postern reads one YAML file. [postern.yaml](postern.yaml) is an example that explains itself;
[postern.schema.json](postern.schema.json) gives editors completion and checks. \`postern check FILE\` tells whether a file is
good, and says everything that is wrong with it at once, each with its place and what to write instead. What is allowed but
harmful is a warning; with \`--strict\` warnings fail too.

- Durations carry their unit: \`500ms\`, \`30s\`, \`5m\`, \`12h\`, \`30d\`.
- \`\${NAME}\` in a text is replaced by the environment variable \`NAME\`; one that is not set is an error. \`$\${\` is a literal \`\${\`.
- A key that ends in \`_file\` names a file whose content is taken, without its trailing newline. A relative path begins at the configuration file.
- Unknown keys are errors. Secrets have no defaults and are never printed.

This page is generated from the schema by \`npm run docs\`.
`

/** Renders the reference of every configuration key as Markdown. */
export function configReference(): string {
  const sections = Object.entries(propertiesOf(configJsonSchema()))
  const required = requiredOf(configJsonSchema())
  return [introduction, ...sections.map(([name, schema]) => renderSection(name, schema, required))].join('\n')
}

function renderSection(name: string, schema: JsonSchema, required: readonly string[]): string {
  return [
    `## ${name}\n`,
    renderFacts(schema, required.includes(name)),
    ...renderKeys(below(name, schema)),
  ].join('\n')
}

function renderKeys({ prefix, schema }: { prefix: string; schema: JsonSchema }): string[] {
  const required = requiredOf(schema)
  return Object.entries(propertiesOf(schema)).flatMap(([name, child]) => [
    `### \`${prefix}${name}\`\n`,
    renderFacts(child, required.includes(name)),
    ...renderKeys(below(`${prefix}${name}`, child)),
  ])
}

/** Where the keys of a section are: in the map itself, in each of its entries, or in each item of the list. */
function below(name: string, schema: JsonSchema): { prefix: string; schema: JsonSchema } {
  if (schema.type === 'array') return { prefix: `${name}[].`, schema: schema.items as JsonSchema }
  if (typeof schema.additionalProperties === 'object')
    return { prefix: `${name}.NAME.`, schema: schema.additionalProperties }
  return { prefix: `${name}.`, schema }
}

function renderFacts(schema: JsonSchema, isRequired: boolean): string {
  const facts = [
    ['Type', schema.title],
    ['Unit', schema['x-unit']],
    ['Required', isRequired ? 'yes' : undefined],
    ['Default', schema.default === undefined ? undefined : code(schema.default)],
    ['Example', code(schema.examples?.[0])],
  ].filter(([, fact]) => fact !== undefined)
  return `${schema.description}\n\n${facts.map(([label, fact]) => `- ${label}: ${fact}`).join('\n')}\n`
}

/** Writes a value as YAML on one line. */
function code(value: unknown): string {
  return `\`${stringify(value, { collectionStyle: 'flow', flowCollectionPadding: true, lineWidth: 0 })
    .trim()
    .replace(/\s*\n\s*/g, ' ')}\``
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>
}

function requiredOf(schema: JsonSchema): readonly string[] {
  return schema.required ?? []
}

import type { Written } from './settings.ts'

/**
 * Reads variables like `OAUTH2_PROXY_PROVIDER=oidc`: lines of a shell or an env file, and the `environment` or `env` of
 * a container in YAML. All other lines are passed over.
 */
export function readEnvironment(text: string): Written[] {
  const lines = text.split('\n').map((line) => line.trim().replace(/^-\s+/, ''))
  return lines.flatMap((line, index) => {
    const [, name, value] = /^(?:export\s+)?OAUTH2_PROXY_(\w+)(?:=|:\s+)(.*)$/.exec(unquoted(line)) ?? []
    if (name !== undefined) return [{ name, values: [unquoted(value as string)] }]
    const [, named] = /^name:\s+["']?OAUTH2_PROXY_(\w+)["']?$/.exec(line) ?? []
    const [, valued] = /^value:\s+(.*)$/.exec(lines[index + 1] ?? '') ?? []
    return named === undefined || valued === undefined ? [] : [{ name: named, values: [unquoted(valued)] }]
  })
}

function unquoted(value: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(value) ?? []
  return inner ?? value
}

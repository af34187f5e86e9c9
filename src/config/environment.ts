/** The environment variables a configuration may read. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A text with its variables filled in, or why that cannot be done. */
export type Expansion = { text: string } | { problem: string }

/** Replaces each `${NAME}` by the variable of that name; `$${` stands for a literal `${`. Values never show in a problem. */
export function expandVariables(text: string, env: Environment): Expansion {
  let problem: string | undefined
  const expanded = text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (found, name: string, end: string) => {
    if (found === '$${') return '${'
    const value = isVariableName(name) && end === '}' ? env[name] : ''
    problem ??= problemOf(name, end, value)
    return value ?? ''
  })
  return problem === undefined ? { text: expanded } : { problem }
}

function problemOf(name: string, end: string, value: string | undefined): string | undefined {
  if (!isVariableName(name) || end === '')
    return `must name a variable as $\{NAME}; write $$\{ for a literal $\{`
  return value === undefined ? `needs the environment variable ${name}, which is not set` : undefined
}

function isVariableName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name)
}

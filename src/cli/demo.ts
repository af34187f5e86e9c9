export async function runDemo(_: { write: (line: string) => void }): Promise<void> {}

// biome-ignore lint/suspicious/noExplicitAny: its shape is what tests look at, and another one in every document.
export type Parsed = any

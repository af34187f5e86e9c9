import { LRUCache } from 'lru-cache'

/** A memory of at most `max` entries, the least recently used going first; it grows as it is used, not ahead of time. */
export function createBoundedCache<Value extends {}>(max: number): LRUCache<string, Value> {
  // With its own `max` the library sets all room aside at once: some 30 bytes for every entry that may never come.
  return new LRUCache<string, Value>({ maxSize: max, sizeCalculation: () => 1 })
}

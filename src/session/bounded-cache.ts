import { LRUCache } from 'lru-cache'

/**
 * A memory of at most `max` entries, the least recently used going first; it grows as it is used, not ahead of time.
 * @param sizeOf As how many an entry counts, a whole number; 1 unless given.
 */
export function createBoundedCache<Value extends {}>(
  max: number,
  sizeOf: (value: Value, key: string) => number = () => 1,
): LRUCache<string, Value> {
  // With its own `max` the library sets all room aside at once: some 30 bytes for every entry that may never come.
  return new LRUCache<string, Value>({ maxSize: max, sizeCalculation: sizeOf })
}

/** The end of an output, as text. */
export interface Tail {
  add(chunk: Uint8Array): void;
  text(): string;
  /** Whether its beginning was let go. */
  truncated(): boolean;
}

/** Keeps no more than the last bytes of what is added; the text begins with a whole character. */
export function createTail(longest: number): Tail {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let cut = false;
  return { add, text, truncated: () => cut || length > longest };

  function add(chunk: Uint8Array): void {
    chunks.push(chunk);
    length += chunk.length;
    // Joined now and then: once for each chunk would be a copy of everything for every line.
    if (length > 2 * longest + 2 ** 16) trim();
  }

  function text(): string {
    trim();
    return new TextDecoder().decode(chunks[0]);
  }

  function trim(): void {
    const all = Buffer.concat(chunks);
    let from = Math.max(0, all.length - longest);
    if (from > 0) {
      cut = true;
      // The bytes after the first of a character all begin with 10.
      while (from < all.length && ((all[from] ?? 0) & 0xc0) === 0x80) from++;
    }
    // A slice would keep the whole buffer alive.
    const kept = from > 0 ? Buffer.from(all.subarray(from)) : all;
    chunks = [kept];
    length = kept.length;
  }
}

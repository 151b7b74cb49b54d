/** The beginning and the end of an output of any length. */
interface BoundedOutput {
  add(chunk: Uint8Array): void;
  /** What was kept, a line in the place of what was not. */
  bytes(): Uint8Array;
  isTruncated(): boolean;
}

/** Keeps the first and the last bytes of what is added; memory is bounded by them, whatever comes. */
export function createBoundedOutput(firstBytes: number, lastBytes: number): BoundedOutput {
  const head: Uint8Array[] = [];
  let room = firstBytes;
  let tail: Uint8Array[] = [];
  let tailLength = 0;
  let dropped = 0;
  return { add, bytes, isTruncated };

  function add(chunk: Uint8Array): void {
    const first = chunk.subarray(0, room);
    // Copies: a part of a chunk would keep the whole of its buffer alive.
    if (first.length > 0) head.push(first.slice());
    room -= first.length;
    const rest = chunk.subarray(first.length);
    if (rest.length === 0) return;
    tail.push(rest);
    tailLength += rest.length;
    // Joined now and then: once for each chunk would be a copy of everything for every line.
    if (tailLength > 2 * lastBytes + 2 ** 16) trim();
  }

  function bytes(): Uint8Array {
    trim();
    const mark = dropped > 0 ? [new TextEncoder().encode(`\n[${dropped} bytes left out]\n`)] : [];
    return new Uint8Array(Buffer.concat([...head, ...mark, ...tail]));
  }

  function isTruncated(): boolean {
    return dropped > 0 || tailLength > lastBytes;
  }

  function trim(): void {
    const all = Buffer.concat(tail);
    const kept = Buffer.from(all.subarray(Math.max(0, all.length - lastBytes)));
    dropped += all.length - kept.length;
    tail = [kept];
    tailLength = kept.length;
  }
}

import type { Readable } from "node:stream";

/**
 * What a stream says, chunk by chunk and no faster than it is taken. Left early, the rest is read and let go, so that
 * a writer never waits for a reader who is gone.
 */
export function drain(stream: Readable): AsyncIterable<Uint8Array> {
  stream.on("error", () => {}); // Whoever iterates meets it there.
  return { [Symbol.asyncIterator]: chunks };

  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
    } finally {
      stream.resume();
    }
  }
}

/** Reads a stream to its end and keeps no more than its last bytes; answers with them as text. */
export function keepTail(stream: Readable, longest: number): () => string {
  let kept: Buffer = Buffer.alloc(0);
  stream.on("error", () => {}); // What has come so far is the tail.
  stream.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]);
    // A slice would keep the whole buffer alive.
    if (kept.length > longest) kept = Buffer.from(kept.subarray(-longest));
  });
  return () => kept.toString("utf8");
}

/** A line of a program's output, or how many bytes of one were left out because it was too long. */
export type BoundedLine = { readonly line: string } | { readonly dropped: number };

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** Splits bytes into lines and never holds more than `longest` of them: what is longer is counted and let go, the lines after it come. */
export async function* boundedLines(chunks: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<BoundedLine> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let dropped = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, end));
      yield finish();
      from = end + 1;
    }
    take(chunk.subarray(from));
  }
  if (held > 0 || dropped > 0) yield finish();

  function take(part: Uint8Array): void {
    if (part.byteLength === 0) return;
    if (dropped === 0 && held + part.byteLength <= longest) {
      parts.push(part);
      held += part.byteLength;
      return;
    }
    dropped += held + part.byteLength;
    parts = [];
    held = 0;
  }

  function finish(): BoundedLine {
    const bytes = Buffer.concat(parts);
    const left = dropped;
    parts = [];
    held = 0;
    dropped = 0;
    if (left > 0) return { dropped: left };
    const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    return { line: bytes.toString("utf8", 0, end) };
  }
}

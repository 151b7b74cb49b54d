import { expect, test } from "bun:test";
import { type BoundedLine, boundedLines } from "../../../src/process/agent/bounded-lines.ts";

async function linesOf(chunks: Iterable<Uint8Array>, longest = 10): Promise<BoundedLine[]> {
  async function* stream() {
    yield* chunks;
  }
  return Array.fromAsync(boundedLines(stream(), longest));
}

const bytes = (text: string) => Buffer.from(text);

test("lines come whole, however the bytes are cut", async () => {
  const text = bytes("ä\r\nzwei\n\nlast");
  const wanted = [{ line: "ä" }, { line: "zwei" }, { line: "" }, { line: "last" }];
  for (let size = 1; size <= text.length; size++) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
      text.subarray(n * size, (n + 1) * size),
    );
    expect(await linesOf(chunks)).toEqual(wanted);
  }
  expect(await linesOf([])).toEqual([]);
});

test("a line that is too long is counted and left out, and the next one comes", async () => {
  const chunks = [bytes("12345678901\n1234567890\n12345"), bytes("6789"), bytes("01"), bytes("\nnext\n")];
  expect(await linesOf(chunks)).toEqual([{ dropped: 11 }, { line: "1234567890" }, { dropped: 11 }, { line: "next" }]);
});

test("bytes that are no text do no harm", async () => {
  expect(await linesOf([Uint8Array.of(255, 254, 10), bytes("fine")])).toEqual([{ line: "��" }, { line: "fine" }]);
});

test("a line of 4 GB costs no more than the bound", async () => {
  const chunk = new Uint8Array(2 ** 20).fill(120);
  function* endless() {
    for (let count = 0; count < 4096; count++) yield chunk;
    yield bytes("\nafter\n");
  }
  const before = process.memoryUsage.rss();
  expect(await linesOf(endless(), 8 * 2 ** 20)).toEqual([{ dropped: 2 ** 32 }, { line: "after" }]);
  Bun.gc(true); // what is only waiting to be collected is not held
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20);
});

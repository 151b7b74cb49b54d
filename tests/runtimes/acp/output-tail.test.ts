import { expect, test } from "bun:test";
import { createTail } from "../../../src/runtimes/acp/output-tail.ts";

test("keeps the end of an output, whole characters only, and says when it is not all", () => {
  const tail = createTail(6);
  tail.add(Buffer.from("äöü"));
  expect([tail.text(), tail.truncated()]).toEqual(["äöü", false]);
  tail.add(Buffer.from("ß!"));
  // Six of the nine bytes would begin in the middle of the second character.
  expect([tail.text(), tail.truncated()]).toEqual(["üß!", true]);
});

test("holds little of an output without end", () => {
  const tail = createTail(10);
  const chunk = Buffer.alloc(2 ** 20, "x");
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) tail.add(chunk.subarray());
  expect(tail.text()).toBe("x".repeat(10));
  Bun.gc(true); // what is only waiting to be collected is not held
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 2 ** 20);
});

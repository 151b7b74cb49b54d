import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { buildProgram, crashProgram } from "./support/crash-program.ts";
import { failpointsOfSource } from "./support/failpoints-of-source.ts";

setDefaultTimeout(120_000);

/** Bytecode keeps strings in one or two bytes a character. */
const ENCODINGS = ["latin1", "utf16le"] as const;

test("what people run knows no failpoint, and a build that keeps them does", () => {
  const names = failpointsOfSource();
  expect(foundIn(buildProgram("release"), names)).toEqual([]);
  expect(foundIn(crashProgram(), names)).toEqual(names);
});

/** Which names stand in a file, in whatever encoding. */
function foundIn(path: string, names: readonly string[]): string[] {
  const bytes = readFileSync(path);
  // The runtime comes first, and this test runs in the same one; what was built follows.
  const program = bytes.subarray(statSync(process.execPath).size);
  return names.filter((name) => ENCODINGS.some((encoding) => program.includes(Buffer.from(name, encoding))));
}

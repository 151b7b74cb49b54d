// A check that failed before the work excuses its failure after it only where it complains of the same.
import { expect, test } from "bun:test";
import { isSameFailure } from "../../../src/domain/evaluation/same-failure.ts";

const BEFORE = `/tmp/look_1a2b/look/src/a.ts:3:7 error Unexpected any
✔ sums (0.31ms)
✖ never (1.2ms)
make: *** [Makefile:2: test] Error 1`;

test.each([
  ["the same again", BEFORE, true],
  ["elsewhere, later and further down", BEFORE.replaceAll("1a2b", "99ff").replace("3:7", "12:1"), true],
  ["less of it", "✖ never (8ms)\n✔ sums (3ms)\n✔ mean (1ms)", true],
  ["one thing more", `${BEFORE}\n✖ sums (0.4ms)`, false],
  ["another thing", "src/b.ts:1:1 error Missing return", false],
  ["nothing that says what is wrong", "make: *** [Makefile:9: test] Error 1", false],
  ["only the script that was run", "> words@1.0.0 test\n> node check.mjs\nnode check.mjs\nnpm error code 1", false],
  ["nothing at all", "", false],
])("%s", (_, after, isSame) => {
  expect(isSameFailure(`node check.mjs\n${BEFORE}`, after, "node check.mjs")).toBe(isSame);
});

import { expect, setDefaultTimeout, test } from "bun:test";
import { showsAssertion } from "../../src/checks/assertion.ts";

setDefaultTimeout(60_000);

test.each([
  ["a text, however it is spaced", "2 passed,  0 failed", "x\n 2 passed,\n0 failed\n", true],
  ["a text in colour", "all green", "\u001b[32mall\u001b[0m green", true],
  ["no other text", "3 passed", "2 passed", false],
  ["no text in other letters", "PASSED", "passed", false],
  ["a path, which is no pattern", "/usr/share/x", "in /usr/share/x", true],
  ["a pattern", "/^\\d+ passed$/m", "so\n12 passed\n", true],
  ["a pattern with a slash in it", "/a\\/b/i", "A/B", true],
  ["no other pattern", "/^passed/", "2 passed", false],
])("an output shows %s", async (_, assertion, output, shown) => {
  expect(await showsAssertion(assertion, output)).toEqual({ shown });
});

test("a pattern that would take for ever does not hang, and shows nothing", async () => {
  const catastrophe = await showsAssertion("/^(\\w+\\s?)+$/", `${"word ".repeat(50_000)}!`, 1_000);
  expect(catastrophe).not.toEqual({ shown: true });
});

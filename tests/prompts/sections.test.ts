import { expect, test } from "bun:test";
import fc from "fast-check";
import { fitSections, quoted, shortened } from "../../src/prompts/sections.ts";

test("sections fit a length wherever what must stay does, and only as much goes as has to", () => {
  const items = fc.array(fc.stringMatching(/^[a-z]{0,30}$/), { minLength: 1, maxLength: 30 });
  const lists = fc.array(items, { maxLength: 5 });
  fc.assert(
    fc.property(lists, fc.integer({ min: 20, max: 900 }), (all, most) => {
      const sections = all.map((list, worth) => ({ text: `List ${worth}:`, items: list, worth }));
      const text = fitSections([{ text: "Stays." }, ...sections], most);
      expect(text.length).toBeLessThanOrEqual(most);
      expect(text).toStartWith("Stays.");
      // What is worth less is gone before anything of what is worth more.
      const worst = sections.findIndex(({ text: head }) => text.includes(head));
      for (const { text: head, items: whole, worth } of sections) {
        if (worst === -1 || worth <= worst) continue;
        expect(text).toContain([head, ...whole.map((item) => `- ${item}`)].join("\n"));
      }
    }),
  );
});

test("what is cut says so, and no character is halved", () => {
  const section = { text: "Files:", items: ["a".repeat(30), "b".repeat(30), "c".repeat(30)], worth: 1 };
  expect(fitSections([section], 80)).toBe(`Files:\n- ${"a".repeat(30)}\n- … and 2 more\n`);
  expect(shortened("ab😀cd", 4)).toBe("ab…");
  expect(quoted('a\n"b"\u202e', 20)).toBe(String.raw`"a \"b\""`);
});

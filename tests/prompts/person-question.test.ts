import { expect, test } from "bun:test";
import fc from "fast-check";
import { readQuestion } from "../../src/prompts/person-question.ts";

const BLOCK = "QUESTION: JSON or SQLite?\nDEFAULT: JSON\nOPTIONS: JSON | SQLite";

test("a question at the very end is read, with its default and its options", () => {
  const question = { question: "JSON or SQLite?", default: "JSON", options: ["JSON", "SQLite"] };
  expect(readQuestion(BLOCK)).toEqual(question);
  expect(readQuestion(`I stopped here.\r\n\r\n  ${BLOCK.replaceAll("\n", "\r\n")}\r\n\n`)).toEqual(question);
  expect(readQuestion(`Ich brauche eine Entscheidung:\n\`\`\`\n${BLOCK}\n\`\`\`\n`)).toEqual(question);
  expect(readQuestion("QUESTION: 何色?\nDEFAULT: 青")).toEqual({ question: "何色?", default: "青", options: [] });
});

test("the same words anywhere but at the end, out of order or without a default are no question", () => {
  for (const text of [
    "",
    "All done.",
    `${BLOCK}\nI went on with JSON.`,
    "DEFAULT: JSON\nQUESTION: JSON or SQLite?",
    "QUESTION: JSON or SQLite?\nOPTIONS: JSON | SQLite",
    "QUESTION: JSON or SQLite?\n\nDEFAULT: JSON",
    "QUESTION:\nDEFAULT: JSON",
    "QUESTION: JSON or SQLite?\nDEFAULT:  ",
    "Question: JSON or SQLite?\nDefault: JSON",
    "My QUESTION: JSON or SQLite?\nDEFAULT: JSON",
  ]) {
    expect(readQuestion(text)).toBeNull();
  }
});

test("options are the different ones that say something, and a few", () => {
  const { options } = readQuestion(`QUESTION: q\nDEFAULT: d\nOPTIONS: a || a | b |${" c |".repeat(3)}`) ?? {};
  expect(options).toEqual(["a", "b", "c"]);
  const many = Array.from({ length: 30 }, (_, index) => index).join("|");
  expect(readQuestion(`QUESTION: q\nDEFAULT: d\nOPTIONS: ${many}`)?.options).toHaveLength(8);
});

test("whatever an agent ends with, it is a bounded question or none; and what comes before changes nothing", () => {
  const line = fc.oneof(fc.string(), fc.constantFrom("QUESTION: q", "DEFAULT: d", "OPTIONS: a|b", "```", ""));
  fc.assert(
    fc.property(fc.array(line), fc.string(), (lines, before) => {
      const text = lines.join("\n");
      const read = readQuestion(text);
      if (read === null) return;
      expect(read.question.length * read.default.length).toBeGreaterThan(0);
      expect(readQuestion(`${before}\n${text}`)).toEqual(read);
    }),
  );
  expect(readQuestion(`QUESTION: ${"long ".repeat(5_000)}\nDEFAULT: d`)?.question.length).toBeLessThanOrEqual(1_000);
});

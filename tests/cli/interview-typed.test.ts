import { expect, test } from "bun:test";
import fc from "fast-check";
import { readTyped } from "../../src/cli/commands/interview/typed-line.ts";
import { wrap } from "../../src/cli/commands/interview/wrap.ts";

const SUGGESTIONS = ["First come", "Nobody"];

test.each([
  ["1", { kind: "answer", text: "First come", isSuggestion: true }],
  [" 1", { kind: "answer", text: "1", isSuggestion: false }],
  ["3", { kind: "later" }],
  ["4", { kind: "answer", text: "4", isSuggestion: false }],
  ["0", { kind: "answer", text: "0", isSuggestion: false }],
  ["1 of them", { kind: "answer", text: "1 of them", isSuggestion: false }],
  ["/Undo ", { kind: "undo" }],
  ["/amend 12", { kind: "amend", round: 12 }],
  ["/amend", { kind: "amend", round: undefined }],
  ["/done 2", { kind: "unknown", word: "done" }],
  ["/later on", { kind: "answer", text: "/later on", isSuggestion: false }],
  ["/etc/hosts", { kind: "answer", text: "/etc/hosts", isSuggestion: false }],
  [" /undo", { kind: "answer", text: "/undo", isSuggestion: false }],
  ["三つ", { kind: "answer", text: "三つ", isSuggestion: false }],
] as const)("%j is read for what it is", (line, meant) => {
  expect(readTyped(line, SUGGESTIONS)).toEqual(meant);
});

test("wrapped lines fit, and nothing but white space is lost, whatever the script", () => {
  const pieces = fc.constantFrom(
    "a",
    "bc ",
    "机",
    "の予約 ",
    "é",
    "👩‍👩‍👧",
    " ",
    "한국어",
    "\n",
    "longer-than-it-fits",
  );
  const texts = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(texts, fc.integer({ min: 12, max: 60 }), (text, width) => {
      const lines = wrap(text, width);
      expect(lines.filter((line) => Bun.stringWidth(line) > width)).toEqual([]);
      expect(lines.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
    }),
  );
});

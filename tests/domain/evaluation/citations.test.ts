import { expect, test } from "bun:test";
import fc from "fast-check";
import { checkCitations, citedPaths, type ReadLine, toJudgement } from "../../../src/domain/evaluation/citations.ts";
import type { Citation, JudgeAnswer } from "../../../src/domain/evaluation/judgement.ts";

const FILES: Readonly<Record<string, string>> = {
  "src/add.ts": [
    "/** Adds. */",
    "export function add(a: number, b: number): number {",
    "  if (Number.isNaN(a)) throw new RangeError(`no number`);",
    "\treturn a + b;",
    "}",
    "",
    "x = 1",
    "",
    "",
    "",
    "",
    "export const LAST = add(1, 2);",
  ].join("\n"),
  ".git/config": "[core] repositoryformatversion = 0",
};
const readLine: ReadLine = (path, line) => FILES[path]?.split("\n")[line - 1] ?? null;
const cite = (line: number, quote: string, rest: Partial<Citation> = {}): Citation => {
  return { path: "src/add.ts", line, quote, ...rest };
};
const holds = (citation: Citation) => checkCitations([citation], readLine).counting.length === 1;

test.each<[string, Citation]>([
  ["the line as it is", cite(2, "export function add(a: number, b: number): number {")],
  ["a part of it, spaced otherwise", cite(2, "function  add( a:number ,b: number)")],
  ["three lines too late", cite(5, "export function add")],
  ["three lines too early", cite(1, "return a + b;")],
  ["a whole short line", cite(7, "x = 1")],
  ["several lines", cite(3, "throw new RangeError(`no number`);\n  return a + b;", { end_line: 4 })],
  ["a path with ./ before it", cite(4, "return a + b;", { path: "./src/add.ts" })],
])("a citation holds: %s", (_, citation) => {
  expect(holds(citation)).toBe(true);
});

test.each<[string, Citation, RegExp]>([
  ["words that stand nowhere", cite(2, "export function subtract("), /does not stand in line 2/],
  ["words that stand elsewhere in the file", cite(12, "export function add"), /does not stand/],
  ["a line beyond the end", cite(40, "return a + b;"), /has no line 40/],
  ["a file that is not there", cite(1, "return a + b;", { path: "src/sub.ts" }), /not there/],
  ["another case", cite(2, "EXPORT FUNCTION ADD"), /does not stand/],
  ["a few letters out of a line", cite(4, "a + b"), /does not stand/],
  ["a bracket", cite(5, "}"), /quotes nothing/],
  ["nothing", cite(6, "  "), /quotes nothing/],
  ["line nought", cite(0, "/** Adds. */"), /no lines of a file/],
  ["half a line number", cite(1.5, "/** Adds. */"), /no lines of a file/],
  ["an end before the beginning", cite(4, "return a + b;", { end_line: 2 }), /no lines of a file/],
  ["the whole file", cite(1, "return a + b;", { end_line: 400 }), /points at nothing/],
  ["four lines off", cite(6, "export function add"), /does not stand/],
  ["a file above the folder", cite(1, "return a + b;", { path: "../src/add.ts" }), /no file inside/],
  ["a way around through the folder", cite(1, "return a + b;", { path: "src/../../a.ts" }), /no file inside/],
  ["an absolute path", cite(1, "return a + b;", { path: "/src/add.ts" }), /no file inside/],
  ["what git keeps", cite(1, "repositoryformatversion", { path: ".git/config" }), /no file inside/],
])("a citation is forged: %s", (_, citation, why) => {
  const { counting, forged } = checkCitations([citation], readLine);
  expect(counting).toEqual([]);
  expect(forged).toEqual([{ citation, why: expect.stringMatching(why) }]);
});

test("nothing outside the folder is ever asked for, whatever the path", () => {
  const part = fc.constantFrom("..", "/", "~", "a", ".", "", "C:", "\\", ".git", "./", "\u0000", "é");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), fc.constantFrom("", "/"), (parts, joint) => {
      const path = parts.join(joint);
      const asked: string[] = [];
      checkCitations([cite(1, "something long", { path })], (file) => {
        asked.push(file);
        return null;
      });
      for (const file of [...asked, ...citedPaths([cite(1, "q", { path })])]) {
        expect(file).not.toMatch(/^[/~]|^[A-Za-z]:|\\|\0/u);
        expect(file.split("/")).not.toContain("..");
        expect(file.split("/")).not.toContain(".git");
        expect(file).not.toBe("");
      }
    }),
  );
});

test("a judge's yes becomes unclear with the last of its citations; a no needs none, and what is forged is listed", () => {
  const word = { score: 0.9, reason: "r" };
  const answer: JudgeAnswer = {
    criteria: [
      { ...word, criterion_key: "a", met: "yes", citations: [cite(2, "function add("), cite(3, "made up by me")] },
      { ...word, criterion_key: "b", met: "yes", citations: [cite(9, "made up by me")] },
      { ...word, criterion_key: "c", met: "no", citations: [] },
    ],
    goal_alignment: 1,
    drift_score: 0,
    uncertainty: 0,
    reward_hacking_risk: 0,
    reasoning: "r",
  };
  const by = { mind: "m", model: null };
  const { judgement, forged } = toJudgement(answer, { by, independence: "independent", readLine });
  expect(judgement.criteria.map(({ met, citations }) => [met, citations.length])).toEqual([
    ["yes", 1],
    ["unclear", 0],
    ["no", 0],
  ]);
  expect(forged.map(({ citation }) => citation.line)).toEqual([3, 9]);
});

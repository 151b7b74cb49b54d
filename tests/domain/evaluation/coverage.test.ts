import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isCovered, readCoverage } from "../../../src/domain/evaluation/coverage.ts";

/** As each tool prints a project of which 6 of 7 lines were run, or thereabouts. */
const PRINTED: readonly (readonly [tool: string, output: string, low: number, high?: number])[] = [
  [
    "istanbul, c8, Jest and Vitest",
    `
----------|---------|----------|---------|---------|-------------------
File      | % Stmts | % Branch | % Funcs | % Lines | Uncovered Line #s
----------|---------|----------|---------|---------|-------------------
All files |   81.25 |       50 |   66.66 |   85.71 |
 index.js |   81.25 |       50 |   66.66 |   85.71 | 9-11
----------|---------|----------|---------|---------|-------------------`,
    0.8571,
  ],
  [
    "istanbul's summary",
    `=============================== Coverage summary ===============================
Statements   : 81.25% ( 13/16 )
Branches     : 50% ( 1/2 )
Functions    : 66.66% ( 2/3 )
Lines        : 85.71% ( 6/7 )
================================================================================`,
    0.8571,
  ],
  [
    "bun test",
    `-----------|---------|---------|-------------------
File       | % Funcs | % Lines | Uncovered Line #s
-----------|---------|---------|-------------------
All files  |   50.00 |   33.33 |
 a.ts      |   50.00 |   33.33 | 2-3
-----------|---------|---------|-------------------

 1 pass
 0 fail`,
    0.3333,
  ],
  [
    "node --test, not at a terminal",
    `# pass 1
# start of coverage report
# ----------------------------------------------------------
# file      | line % | branch % | funcs % | uncovered lines
# ----------------------------------------------------------
# a.js      |  66.67 |    50.00 |  100.00 | 2-3
# ----------------------------------------------------------
# all files |  66.67 |    50.00 |  100.00 |
# ----------------------------------------------------------
# end of coverage report`,
    0.6667,
  ],
  [
    "node --test, for people",
    `ℹ start of coverage report
ℹ file      | line % | branch % | funcs % | uncovered lines
ℹ all files |  71.00 |    50.00 |  100.00 |`,
    0.71,
  ],
  [
    "deno coverage",
    `| File      | Branch % | Line % |
| --------- | -------- | ------ |
| a.ts      |     50.0 |   85.7 |
| All files |     50.0 |   85.7 |`,
    0.857,
  ],
  [
    "coverlet",
    `+---------+--------+--------+--------+
| Module  | Line   | Branch | Method |
+---------+--------+--------+--------+
| Toy     | 85.71% | 50%    | 66.66% |
+---------+--------+--------+--------+

+---------+--------+--------+--------+
|         | Line   | Branch | Method |
+---------+--------+--------+--------+
| Total   | 85.71% | 50%    | 66.66% |
+---------+--------+--------+--------+
| Average | 91.2%  | 50%    | 66.66% |
+---------+--------+--------+--------+`,
    0.8571,
  ],
  [
    "pytest-cov",
    `---------- coverage: platform linux, python 3.12.1-final-0 -----------
Name     Stmts   Miss  Cover   Missing
--------------------------------------
toy.py       7      1    86%   9
--------------------------------------
TOTAL        7      1    86%

===== 2 passed in 0.11s =====`,
    0.86,
  ],
  ["coverage.py with branches", "TOTAL        70      9      4      1    85.4%", 0.854],
  [
    "cargo llvm-cov",
    `Filename   Regions  Missed Regions  Cover  Functions  Missed Functions  Executed  Lines  Missed Lines  Cover  Branches  Missed Branches  Cover
lib.rs          12               3 75.00%          4                 1    75.00%     21             3 85.71%         0                0      -
TOTAL           12               3 75.00%          4                 1    75.00%     21             3 85.71%         0                0      -`,
    0.8571,
  ],
  ["cargo tarpaulin", "|| Tested/Total Lines:\n|| src/lib.rs: 6/7\n||\n85.71% coverage, 6/7 lines covered", 0.8571],
  ["go test -cover, one package", "ok  \texample.com/toy\t0.003s\tcoverage: 85.7% of statements", 0.857],
  [
    "go test -cover, several packages",
    `ok  \texample.com/toy\t0.003s\tcoverage: 85.7% of statements
ok  \texample.com/toy/inner\t(cached)\tcoverage: 40.0% of statements
\texample.com/toy/cmd\t\tcoverage: 0.0% of statements
?   \texample.com/toy/doc\t[no test files]
ok  \texample.com/toy/none\t0.001s\tcoverage: [no statements]`,
    0,
    0.857,
  ],
  [
    "go tool cover -func, whose total is the one that counts",
    `ok  \texample.com/toy\t0.003s\tcoverage: 10.0% of statements
example.com/toy/a.go:3:\tAdd\t\t100.0%
total:\t\t\t(statements)\t85.7%`,
    0.857,
  ],
  [
    "lcov",
    "Summary coverage rate:\n  lines......: 85.7% (6 of 7 lines)\n  functions..: 66.7% (2 of 3 functions)",
    0.857,
  ],
  ["gcovr", "lines: 85.7% (6 out of 7)\nbranches: 50.0% (1 out of 2)", 0.857],
  [
    "SimpleCov",
    "Coverage report generated for RSpec.\nLine Coverage: 85.71% (6 / 7)\nBranch Coverage: 50.0% (1 / 2)",
    0.8571,
  ],
  ["SimpleCov before 0.18", "Coverage report generated for Unit Tests. 6 / 7 LOC (85.71%) covered.", 0.8571],
  [
    "PHPUnit, its classes below the summary",
    `Code Coverage Report:
  2026-01-01 00:00:00

 Summary:
  Classes:  0.00% (0/1)
  Methods: 66.67% (2/3)
  Lines:   85.71% (6/7)

Toy
  Methods:  10.00% ( 2/ 3)   Lines:  12.00% (  6/  7)
  Lines:   12.00% (6/7)`,
    0.8571,
  ],
  [
    "mix test --cover",
    "Percentage | Module\n-----------|------\n    85.71% | Toy\n-----------|------\n    85.71% | Total",
    0.8571,
  ],
  ["whoever says it plainly, in colours", "\u001b[32mCoverage: 85.7%\u001b[0m", 0.857],
  ["two packages of a workspace", "TOTAL  7  1  86%\nTOTAL  10  5  50%", 0.5, 0.86],
];

describe("the share of lines that tests run is read from what is printed by", () => {
  test.each(PRINTED)("%s", (_, output, low, high = low) => {
    const found = readCoverage(output);
    expect(found?.low).toBeCloseTo(low, 6);
    expect(found?.high).toBeCloseTo(high, 6);
  });
});

test.each([
  ["nothing", ""],
  ["tests without coverage", "ok  \texample.com/toy\t0.003s\n2 passed in 0.1s"],
  ["a table of something else", "Name | Total\n-----|----\nTotal | 85"],
  ["a share of nothing", "TOTAL 0 0 -"],
  ["more than everything", "Coverage: 120%"],
  ["coverage of all packages by each package's tests", "ok  \tx/y\t0.1s\tcoverage: 12.0% of statements in ./..."],
  ["a sentence", "We want a coverage of 85% by the end of the year"],
])("no share is read from %s", (_, output) => {
  expect(readCoverage(output)).toBeNull();
});

describe("laws", () => {
  const percent = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100);

  test("whatever share is printed is read, however much is printed around it", () => {
    const around = fc.array(fc.string({ unit: fc.constantFrom(..."abc |%:-.\t") }).filter((line) => !/\d/.test(line)));
    fc.assert(
      fc.property(percent, around, around, (share, before, after) => {
        const table = ["File | % Stmts | % Branch | % Funcs | % Lines |", `All files | 1 | 2 | 3 | ${share} |`];
        // What comes before may hold another table's head, and none of its rows.
        const text = [...before, ...table, ...after].join("\n");
        expect(readCoverage(text)).toEqual({ low: share / 100, high: share / 100 });
      }),
    );
  });

  test("of several totals none is better than the least nor worse than the most, and their order does not matter", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 9 }), (shares) => {
        const rows = shares.map((share) => `TOTAL 10 5 ${share}%`);
        const found = readCoverage(rows.join("\n"));
        expect(found).toEqual({ low: Math.min(...shares) / 100, high: Math.max(...shares) / 100 });
        expect(readCoverage(rows.toReversed().join("\n"))).toEqual(found);
      }),
    );
  });

  test("a threshold is never reached by less, never missed by more, and undecided only in between", () => {
    fc.assert(
      fc.property(percent, percent, percent, (one, other, threshold) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const reached = isCovered({ low, high }, threshold);
        if (reached === true) expect(low).toBeGreaterThanOrEqual(threshold);
        else if (reached === false) expect(high).toBeLessThan(threshold);
        else expect(low < threshold && threshold <= high).toBe(true);
      }),
    );
  });
});

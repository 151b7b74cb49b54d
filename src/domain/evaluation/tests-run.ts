import { plainLines } from "./plain-lines.ts";

/**
 * How many tests an output says were carried out, those that were skipped left out. Null where it says nothing about it: not
 * every runner does, and not every script is one.
 */
export function testsRun(output: string): number | null {
  let count: number | null = null;
  for (const line of plainLines(output)) {
    for (const { pattern, count: counted } of SUMMARIES) {
      const match = pattern.exec(line);
      if (match === null) continue;
      count = (count ?? 0) + counted(match);
      break;
    }
  }
  return count;
}

/** Does a failed runner say that it failed because there was nothing to run? */
export function foundNoTests(output: string): boolean {
  return plainLines(output).some((line) => NO_TESTS.test(line)) && (testsRun(output) ?? 0) === 0;
}

/** bun, Jest, Vitest, Mocha, AVA, Deno, pytest, unittest, PHPUnit, CTest, dotnet, mix. */
const NO_TESTS =
  /^(?:error: )?(?:No tests found\b|No test files? found\b|Error: No test files found|\s*✖ Couldn.t find any files|(?:error: )?No test modules found|=*\s*no tests ran in |NO TESTS RAN|No tests executed!|No tests were found|There are no tests to run)/;

interface Summary {
  readonly pattern: RegExp;
  readonly count: (match: RegExpExecArray) => number;
}

const SUMMARIES: readonly Summary[] = [
  // node --test and TAP; Bun
  { pattern: /^(?:# |ℹ )(?:pass|fail)\s+(\d+)\s*$/, count: first },
  { pattern: /^\s*(\d+) (?:pass|fail)\s*$/, count: first },
  // Jest and Vitest, which name suites and files on lines of their own
  { pattern: /^\s*Tests:?\s{2,}(.+)$/, count: sumOf },
  // Mocha and AVA
  { pattern: /^\s*(?:✔ )?(\d+) (?:passing|failing|tests? passed)\b/, count: first },
  // Deno
  { pattern: /^(?:ok|FAILED) \| (\d+ passed.*)$/, count: sumOf },
  // pytest
  { pattern: /^=*\s*((?:\d+ \w+(?:, )?)+) in \d+(?:\.\d+)?s\b/, count: sumOf },
  { pattern: /^=*\s*no tests ran in /, count: none },
  // unittest tells the skipped ones on the line after
  { pattern: /^Ran (\d+) tests? in /, count: first },
  { pattern: /^(?:OK|FAILED) \((?:.*, )?skipped=(\d+)/, count: (match) => -first(match) },
  // cargo
  { pattern: /^test result: \w+\. (\d+ passed; \d+ failed)/, count: sumOf },
  // go: a package a line
  { pattern: /^ok\s+\S+\s.*\[no tests to run\]/, count: none },
  { pattern: /^\?\s+\S+\s+\[no test files\]/, count: none },
  { pattern: /^(?:ok|FAIL)\s+\S+\s+(?:\d+(?:\.\d+)?s|\(cached\))/, count: () => 1 },
  // dotnet, by its older and its newer logger
  { pattern: /^\s*(?:Passed|Failed)!\s+- (Failed:\s*\d+, Passed:\s*\d+)/, count: sumOf },
  { pattern: /^Test summary: total: \d+, (failed: \d+, succeeded: \d+)/, count: sumOf },
  { pattern: /^No test is available in /, count: none },
  // CTest
  { pattern: /^\d+% tests passed, \d+ tests failed out of (\d+)/, count: first },
  { pattern: /^No tests were found!+/, count: none },
  // Maven's total comes last, without the name of a class
  {
    pattern: /^(?:\[\w+\] )?Tests run: (\d+), Failures: \d+, Errors: \d+, Skipped: (\d+)\s*$/,
    count: (match) => first(match) - Number(match[2]),
  },
  { pattern: /^(?:\[\w+\] )?No tests to run\.?\s*$/, count: none },
  // Gradle says which tasks it ran
  { pattern: /^> Task \S*:test NO-SOURCE/, count: none },
  { pattern: /^> Task \S*:test(?: UP-TO-DATE| FROM-CACHE)?\s*$/, count: () => 1 },
  // RSpec, Minitest, PHPUnit, mix
  {
    pattern: /^(\d+) examples?, \d+ failures?(?:, (\d+) pending)?/,
    count: (match) => first(match) - Number(match[2] ?? 0),
  },
  { pattern: /^(\d+) runs, \d+ assertions, /, count: first },
  { pattern: /^OK \((\d+) tests?, /, count: first },
  { pattern: /^Tests: (\d+), Assertions: /, count: first },
  { pattern: /^No tests executed!/, count: none },
  {
    pattern: /^(?:\d+ doctests?, )?(\d+) tests?, \d+ failures?(?:, (\d+) (?:skipped|excluded))?/,
    count: (match) => first(match) - Number(match[2] ?? 0),
  },
  { pattern: /^There are no tests to run/, count: none },
  // Swift, by XCTest and by Swift Testing
  { pattern: /^\s*Executed (\d+) tests?, with /, count: first },
  { pattern: /^\S* ?Test run with (\d+) tests?\b.* (?:passed|failed)\b/, count: first },
];

function first(match: RegExpExecArray): number {
  return Number(match[1]);
}

function none(): number {
  return 0;
}

/** The passed and failed of a summary, the number before its word or after it. */
function sumOf(match: RegExpExecArray): number {
  const text = match[1] ?? "";
  const before = [...text.matchAll(/(\d+) (?:passed|failed|errors?|xfailed|xpassed)\b/gi)];
  const after = [...text.matchAll(/(?:passed|failed|succeeded):\s*(\d+)/gi)];
  return [...before, ...after].reduce((sum, found) => sum + Number(found[1]), 0);
}

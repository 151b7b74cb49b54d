import { describe, expect, test } from "bun:test";
import { foundNoTests, testsRun } from "../../../src/domain/evaluation/tests-run.ts";

describe("how many tests were carried out is read from what is printed by", () => {
  test.each<readonly [runner: string, output: string, count: number | null]>([
    ["node --test", "# tests 3\n# suites 0\n# pass 2\n# fail 0\n# skipped 1", 2],
    ["node --test without any", "1..0\n# tests 0\n# pass 0\n# fail 0", 0],
    ["node --test for people", "ℹ tests 2\nℹ pass 2\nℹ fail 0", 2],
    ["bun test", " 2 pass\n 1 skip\n 0 fail\n 3 expect() calls", 2],
    ["bun test, all of them skipped", " 0 pass\n 3 skip\n 0 fail", 0],
    ["deno test", "ok | 3 passed | 0 failed (12ms)", 3],
    ["deno test, all of them ignored", "ok | 0 passed | 0 failed | 2 ignored (1ms)", 0],
    ["Jest", "Test Suites: 1 passed, 1 total\nTests:       1 skipped, 2 passed, 3 total", 2],
    ["Jest, all of them skipped", "Test Suites: 1 skipped, 0 of 1 total\nTests:       3 skipped, 3 total", 0],
    ["Vitest", " Test Files  1 passed (1)\n      Tests  4 passed | 1 skipped (5)", 4],
    ["Mocha", "\n  3 passing (5ms)\n  1 pending\n", 3],
    ["Mocha without any", "\n  0 passing (1ms)\n", 0],
    ["AVA", "  ✔ 4 tests passed", 4],
    ["pytest", "===== 3 passed, 1 skipped, 2 warnings in 0.12s =====", 3],
    ["pytest -q", "..s\n2 passed, 1 skipped in 0.01s", 2],
    ["pytest, all of them skipped", "===== 3 skipped in 0.12s =====", 0],
    ["pytest without any", "===== no tests ran in 0.01s =====", 0],
    ["unittest", "Ran 3 tests in 0.000s\n\nOK", 3],
    ["unittest, all of them skipped", "Ran 2 tests in 0.000s\n\nOK (skipped=2)", 0],
    ["unittest without any", "Ran 0 tests in 0.000s\n\nOK", 0],
    [
      "cargo",
      "running 1 test\ntest result: ok. 1 passed; 0 failed; 2 ignored\n\ntest result: ok. 0 passed; 0 failed; 0 ignored",
      1,
    ],
    ["cargo without any", "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored", 0],
    ["go", "ok  \tx/y\t0.003s\n?   \tx/z\t[no test files]", 1],
    ["go without any", "?   \tx/y\t[no test files]\nok  \tx/z\t0.001s [no tests to run]", 0],
    ["dotnet", "Passed!  - Failed:     0, Passed:     5, Skipped:     0, Total:     5, Duration: 8 ms", 5],
    ["dotnet, newer", "Test summary: total: 2, failed: 0, succeeded: 2, skipped: 0, duration: 1.1s", 2],
    ["dotnet without any", "No test is available in /x/Toy.dll. Make sure that", 0],
    ["CTest", "100% tests passed, 0 tests failed out of 4", 4],
    ["CTest without any", "No tests were found!!!", 0],
    [
      "Maven",
      "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 1, Time elapsed: 0.1 s -- in ToyTest\n[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 1",
      2,
    ],
    ["Maven without any", "[INFO] No tests to run.", 0],
    ["Gradle", "> Task :compileJava\n> Task :test\n\nBUILD SUCCESSFUL", 1],
    ["Gradle without any", "> Task :test NO-SOURCE\n\nBUILD SUCCESSFUL", 0],
    ["RSpec", "5 examples, 0 failures, 1 pending", 4],
    ["RSpec without any", "0 examples, 0 failures", 0],
    ["Minitest", "3 runs, 3 assertions, 0 failures, 0 errors, 0 skips", 3],
    ["PHPUnit", "OK (4 tests, 9 assertions)", 4],
    ["PHPUnit without any", "No tests executed!", 0],
    ["mix", "1 doctest, 3 tests, 0 failures", 3],
    ["XCTest", "\t Executed 2 tests, with 0 failures (0 unexpected) in 0.001 (0.002) seconds", 2],
    ["Swift Testing", "✔ Test run with 3 tests in 1 suite passed after 0.001 seconds.", 3],
    ["nobody known", "all good\ndone in 3s", null],
    ["two runners, one without any", "0 examples, 0 failures\n 2 pass\n 0 fail", 2],
  ])("%s", (_, output, count) => {
    expect(testsRun(output)).toBe(count);
  });
});

test("a runner that failed for want of tests is told from one whose tests failed", () => {
  for (const output of [
    'No tests found!\n\nTests need ".test"',
    "error: No test modules found",
    "No tests found, exiting with code 1",
    "No test files found, exiting with code 1",
    "===== no tests ran in 0.01s =====",
    "Ran 0 tests in 0.000s\n\nNO TESTS RAN",
  ]) {
    expect(foundNoTests(output)).toBe(true);
  }
  expect(foundNoTests(" 0 pass\n 1 fail\nNo tests found for x")).toBe(false);
  expect(foundNoTests("SyntaxError: Unexpected token\nTests:       0 total")).toBe(false);
  expect(foundNoTests("AssertionError: expected 'No tests found'")).toBe(false);
});

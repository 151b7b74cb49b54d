import { basename } from "node:path/posix";
import { languageOf, topOf } from "./languages.ts";
import type { Manifest } from "./manifests.ts";
import { bounded } from "./quoted.ts";
import type { ProjectSummary } from "./summary.ts";

/** Packages that are known for testing, under the name people use. */
const PACKAGES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    jest: "Jest",
    vitest: "Vitest",
    mocha: "Mocha",
    ava: "AVA",
    jasmine: "Jasmine",
    tap: "tap",
    "@playwright/test": "Playwright",
    cypress: "Cypress",
    "fast-check": "fast-check",
    pytest: "pytest",
    hypothesis: "Hypothesis",
    nose2: "nose2",
    tox: "tox",
    rspec: "RSpec",
    "rspec-rails": "RSpec",
    minitest: "Minitest",
    junit: "JUnit",
    "junit-jupiter": "JUnit",
    "junit-jupiter-api": "JUnit",
    testng: "TestNG",
    "spring-boot-starter-test": "Spring Boot Test",
    "phpunit/phpunit": "PHPUnit",
    "pestphp/pest": "Pest",
    proptest: "proptest",
    criterion: "Criterion",
    "github.com/stretchr/testify": "testify",
    xunit: "xUnit",
    NUnit: "NUnit",
    MSTest: "MSTest",
    GTest: "GoogleTest",
    Catch2: "Catch2",
  }),
);
/** Files that say what tests run on. */
const FILES: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\/)jest\.config\.[cm]?[jt]s(?:on)?$/, "Jest"],
  [/(?:^|\/)vitest\.(?:config|workspace)\.[cm]?[jt]s$/, "Vitest"],
  [/(?:^|\/)playwright\.config\.[cm]?[jt]s$/, "Playwright"],
  [/(?:^|\/)cypress\.config\.[cm]?[jt]s$/, "Cypress"],
  [/(?:^|\/)(?:conftest\.py|pytest\.ini)$/, "pytest"],
  [/^tox\.ini$/, "tox"],
  [/^\.rspec$/, "RSpec"],
  [/^phpunit\.xml(?:\.dist)?$/, "PHPUnit"],
  [/_test\.go$/, "go test"],
  [/(?:^|\/)test_helper\.exs$/, "ExUnit"],
  [/^tests\/[^/]+\.rs$/, "cargo test"],
];
/** Commands of the project that name a test runner of a runtime. */
const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/\bbun test\b/, "bun test"],
  [/\bnode\b.{0,80} --test\b/, "node --test"],
  [/\bdeno test\b/, "deno test"],
];
const TEST_FOLDER = /^(?:.*?\/)?(?:tests?|specs?|__tests__|e2e|testing)(?=\/)/i;
const TEST_FILE = /(?:[._-](?:test|spec|tests|e2e)\.[a-z]+|_test\.[a-z]+|^test_.+\.py|(?:Test|Tests|Spec)\.[a-z]+)$/;
const MOST_FOLDERS = 8;

/** What tests a project has: how many files, on what they run, and where they live. */
export function projectTests(files: readonly string[], manifests: readonly Manifest[]): ProjectSummary["tests"] {
  const folders = new Map<string, number>();
  const frameworks = new Set<string>();
  let count = 0;
  for (const path of files) {
    for (const [pattern, name] of FILES) if (pattern.test(path)) frameworks.add(name);
    const folder = testFolderOf(path);
    if (folder === undefined) continue;
    count++;
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  for (const { facts } of manifests) {
    for (const name of facts.dependencies ?? []) {
      const known = PACKAGES.get(name.split(":").at(-1) ?? "") ?? PACKAGES.get(name);
      if (known !== undefined) frameworks.add(known);
    }
    const commands = (facts.scripts ?? []).map(({ command }) => command);
    for (const [pattern, name] of COMMANDS) if (commands.some((command) => pattern.test(command))) frameworks.add(name);
  }
  return {
    files: count,
    frameworks: [...frameworks].sort(),
    folders: topOf(folders, MOST_FOLDERS).map(([folder, many]) => ({ folder: bounded(folder), files: many })),
  };
}

/** Where a test file belongs to: the folder for tests it is in, or `.` and the like for one beside its source. */
function testFolderOf(path: string): string | undefined {
  if (languageOf(path) === undefined) return undefined;
  const folder = TEST_FOLDER.exec(path)?.[0];
  if (folder !== undefined) return folder;
  return TEST_FILE.test(basename(path)) ? (path.split("/").slice(0, -1)[0] ?? ".") : undefined;
}

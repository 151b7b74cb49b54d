/** Is a path, by its name, a test or something tests are made of? */
export function isTestFile(path: string): boolean {
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  return parts.slice(0, -1).some((part) => TEST_FOLDERS.has(part.toLowerCase())) || TEST_FILE.test(name);
}

/** Does the name of a program say that it checks? */
export function isCheckProgram(path: string): boolean {
  const name = path.split("/").at(-1) ?? "";
  return /(?:^|[._-])(?:checks?|verif(?:y|ies|ication)|validat(?:e|or|ion)|accept(?:ance)?|tests?|specs?|smoke|lint|asserts?|e2e|ci)(?:[._-]|$)/i.test(
    name,
  );
}

/** Is it a file that test runners read by themselves, and that can make every test pass? */
export function isRunnerSetting(path: string): boolean {
  return RUNNER_SETTING.test(path);
}

const TEST_FOLDERS = new Set(["test", "tests", "spec", "specs", "__tests__", "__snapshots__", "e2e", "testdata"]);
const TEST_FILE =
  /^(?:test_.+\.py|conftest\.py|.+_test\.(?:go|py|rb|exs?|dart|cc|cpp)|.+[._-](?:test|spec)s?\.[a-z]+|.+(?:Test|Tests|Spec)\.(?:java|kt|cs|scala|php|swift|groovy|hs))$/;
const RUNNER_SETTING =
  /(?:^|\/)(?:conftest\.py|(?:site|user)customize\.py|(?:unittest|doctest|pytest|coverage)(?:\.py|\/__init__\.py)|pytest\.ini|\.coveragerc|noxfile\.py|(?:jest|vitest|playwright|cypress|ava|web-test-runner)\.(?:config|workspace|setup)\.\w+|karma\.conf\.\w+|\.mocharc(?:\.\w+)?|\.(?:nyc|tap)rc|jasmine\.json|bunfig\.toml|\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.cjs|phpunit\.xml(?:\.dist)?|\.rspec|GNUmakefile|\.cargo\/config(?:\.toml)?)$/;

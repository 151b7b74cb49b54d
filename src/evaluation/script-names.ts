import { MECHANICAL_KINDS, type MechanicalKind } from "../domain/evaluation/mechanical.ts";
import { shellCommands } from "../domain/seed/lint/shell-commands.ts";
import { type Candidate, faulty } from "./declared.ts";

/** The names under which projects keep what checks them; the first that is there is taken. */
const NAMES: Readonly<Record<MechanicalKind, readonly string[]>> = {
  lint: names(
    "lint lint:check lint:ci lint-check check:lint eslint clippy rubocop format:check check:format fmt:check fmt-check",
  ),
  static: names(
    "typecheck type-check check-types check:types types:check tsc:check tsc check:ts types static static-analysis analyse analyze mypy pyright phpstan psalm vet",
  ),
  build: names("build compile build:all"),
  test: names("test tests test:ci test:all test:unit unit spec"),
  coverage: names("coverage test:coverage test:cov test-coverage test-cov cov cover"),
};
/** What `check` means depends on who says it: to make it is the tests, elsewhere what is looked at without running. */
type CheckMeans = "test" | "static";

/** A script or target by its name, and what it says where that is known. */
export interface NamedScript {
  readonly name: string;
  readonly command: string | null;
}

/** The checks among a project's scripts. */
export function checksAmong(
  scripts: readonly NamedScript[],
  { source, run, check }: { source: string; run: (name: string) => string; check: CheckMeans },
): Candidate[] {
  const byName = new Map(scripts.filter(isMeant).map((script) => [script.name, script]));
  return MECHANICAL_KINDS.flatMap((kind): Candidate[] => {
    const isCheck = kind === check && (check === "test" || onlyLooks(byName.get("check")));
    const found = [...NAMES[kind], ...(isCheck ? ["check"] : [])].flatMap((name) => byName.get(name) ?? []);
    // One that mends what it finds is no check, where there is another.
    const script = found.find(({ command }) => !MENDS.test(command ?? "")) ?? found[0];
    if (script === undefined) return [];
    const from = `${source}${script.name}`;
    if (script.command !== null && cannotFail(script.command)) {
      return [faulty(kind, from, "It succeeds whatever was done: let it run what checks the project", script.command)];
    }
    return [{ kind, source: from, command: run(script.name), script: script.command, fault: null, isOwn: true }];
  });
}

/** A script called `check` is often all of them together, tests too: those would be run twice. */
function onlyLooks(script: NamedScript | undefined): boolean {
  const line = script?.command ?? "";
  return CHECKERS.test(line) && !/\btests?\b/.test(line);
}

const CHECKERS =
  /\b(?:\w*tsc|svelte-check|astro check|deno check|cargo check|biome|eslint|oxlint|pyright|mypy|phpstan|psalm)\b/;
const MENDS = /\s--(?:fix|write)\b/;

/** npm puts a placeholder where no test is. */
function isMeant({ command }: NamedScript): boolean {
  return command === null || (command.trim() !== "" && !/\bno test specified\b/.test(command));
}

/** Does it end well whatever happens in it? Recipes end with the first of their lines that fails. */
function cannotFail(script: string): boolean {
  return script.split("\n").every(endsWell);
}

function endsWell(line: string): boolean {
  const commands = shellCommands(line);
  const before = commands.at(-2)?.sign;
  const last = commands.at(-1);
  if (last === undefined || !isIdle(last)) return false;
  return before === "||" || before === ";" || commands.every(isIdle);
}

function isIdle({ program, args }: { program: string; args: readonly string[] }): boolean {
  // One that writes into a file does something.
  if (args.some((arg) => arg.includes(">"))) return false;
  return IDLE.has(program) || (program === "exit" && (args[0] === "0" || args.length === 0));
}

const IDLE = new Set(["true", ":", "echo", "printf", "pwd"]);

function names(text: string): string[] {
  return text.split(" ");
}

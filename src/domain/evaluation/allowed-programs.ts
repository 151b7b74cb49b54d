/** Build tools, package managers, test runners, linters and type checkers that many projects use. */
const WELL_KNOWN = new Set(
  `npm npx pnpm yarn bun bunx node deno tsc eslint biome prettier oxlint stylelint jest vitest mocha ava c8 nyc tsx turbo nx lerna
  python python3 py pip pytest unittest ruff mypy pyright flake8 pylint black isort coverage tox nox hatch pdm poetry pipenv uv uvx rye
  cargo rustc go gofmt golangci-lint staticcheck mvn gradle ant sbt kotlinc javac dotnet make gmake just task ninja meson cmake ctest
  bazel bazelisk buck2 pants ruby bundle rake rspec rubocop rails php composer phpunit phpstan psalm pest phpcs mix elixir swift
  swiftlint xcodebuild zig dart flutter stack cabal lein clj dune opam nim crystal shards gleam rebar3 luacheck busted shellcheck
  hadolint yamllint markdownlint actionlint terraform tofu buf protoc pre-commit`.split(/\s+/),
);
/** What a build tool puts into the project so that everybody runs the same version of it. */
const WRAPPERS = new Set(["./gradlew", "./mvnw"]);

/** Programs that run the one named in their arguments, and the words between the two. */
const CARRIERS: Readonly<Record<string, readonly string[]>> = {
  npx: [],
  bunx: [],
  uvx: [],
  uv: ["run"],
  poetry: ["run"],
  pipenv: ["run"],
  pdm: ["run"],
  rye: ["run"],
  hatch: ["run"],
  bundle: ["exec"],
  composer: ["exec"],
  npm: ["exec"],
  pnpm: ["exec"],
  yarn: ["exec"],
};
/** Options of theirs that are followed by a value. */
const WITH_VALUE = new Set(
  "--extra --group --only-group --with --with-editable --with-requirements --python -p --package --project --directory --env-file --from -w --workspace --filter -F -C --dir --source --rcfile".split(
    " ",
  ),
);
/** With these a program is told on the line itself what to run: that would be any program at all. */
const TOLD: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:python[\d.]*|py)$/, /^-[A-Za-z]*c/],
  [/^(?:node|bun|tsx)$/, /^(?:-[a-z]*[ep]|--(?:eval|print)(?:=|$)|exec$)/],
  [/^deno$/, /^(?:eval|repl)$/],
  [/^(?:ruby|elixir|php)$/, /^(?:-[a-z]*[erBRE]|--eval$)/],
  [
    /^(?:npm|npx|bunx|pnpm|yarn)$/,
    /^(?:-c|--call(?:=.*)?|--shell-mode|dlx|--(?:script-)?shell(?:=.*)?|--node-options(?:=.*)?)$/,
  ],
  [/^g?make$/, /^(?:--eval(?:=|$)|SHELL=)/],
  [/^just$/, /^(?:-c|--command|--shell)/],
  [/^cargo$/, /^--config(?:=|$)/],
  [/^go$/, /^--?(?:exec|toolexec|vettool)(?:=|$)/],
  [/^cmake$/, /^-[EP]$/],
];
/** An absolute path, one in somebody's home, or one that climbs, as an argument or as the value in one. */
const LEADS_OUT = /(?:^|=)(?:[/~]|[A-Za-z]:[\\/])|(?:^|[/\\=])\.\.(?:[/\\]|$)/;

/**
 * Why a command of a project's own settings may not be run: its program, or the one that it runs in its turn, is neither a
 * well-known build tool nor allowed by the user. Null where it may.
 */
export function whyForbidden(words: readonly string[], allowed: readonly string[]): string | null {
  const [program = "", ...args] = words;
  if (program === "") return "It names no program";
  if (!allowed.includes(program) && !WRAPPERS.has(program)) {
    if (/[/\\]/.test(program)) return `${said(program)} is a path: only programs by their name may be run`;
    if (!WELL_KNOWN.has(program)) return `${said(program)} is no build tool that is known here`;
  }
  if (allowed.includes(program)) return null;
  const outside = args.find((arg) => LEADS_OUT.test(arg));
  if (outside !== undefined) return `${said(outside)} leads out of the project`;
  const told = TOLD.some(([name, pattern]) => name.test(program) && args.some((arg) => pattern.test(arg)));
  // What follows a module of Python is for the module.
  if (told && !(program.startsWith("py") && args[0] === "-m")) return `${said(program)} is told there what to run`;
  const carried = carriedBy(program, args);
  return carried === null ? null : whyForbidden(carried, allowed);
}

/** The command that another one runs; null where it runs none. */
function carriedBy(program: string, args: readonly string[]): readonly string[] | null {
  const between = Object.hasOwn(CARRIERS, program) ? CARRIERS[program] : undefined;
  if (between === undefined) return null;
  let rest = args;
  for (const word of between) {
    rest = rest.slice(afterOptions(rest));
    if (rest[0] !== word) return null;
    rest = rest.slice(1);
  }
  const carried = rest.slice(afterOptions(rest));
  if (carried.length === 0) return null;
  return carried[0]?.endsWith(".py") ? ["python3", ...carried] : carried;
}

function afterOptions(words: readonly string[]): number {
  let at = 0;
  while (words[at]?.startsWith("-")) {
    if (words[at] === "--") return at + 1;
    at += WITH_VALUE.has(words[at] ?? "") ? 2 : 1;
  }
  return at;
}

const LONGEST = 60;

function said(program: string): string {
  return JSON.stringify(program.length > LONGEST ? `${program.slice(0, LONGEST)}…` : program);
}

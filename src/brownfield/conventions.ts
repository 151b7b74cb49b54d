import { bounded } from "./quoted.ts";
import type { ProjectSummary } from "./summary.ts";

/** Files by which a project says how things are done in it. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ["guide", /^(?:AGENTS|CLAUDE|GEMINI|CONTRIBUTING|ARCHITECTURE|STYLE|SECURITY)(?:\.(?:md|rst|txt))?$/i],
  [
    "guide",
    /^(?:docs\/(?:contributing|architecture)\.md|\.github\/(?:copilot-instructions|contributing)\.md|\.cursorrules)$/i,
  ],
  [
    "formatter",
    /^(?:\.prettierrc(?:\..+)?|prettier\.config\..+|\.editorconfig|\.?rustfmt\.toml|\.clang-format|dprint\.jsonc?|\.scalafmt\.conf|\.swiftformat|\.php-cs-fixer(?:\.dist)?\.php|\.formatter\.exs)$/,
  ],
  [
    "linter",
    /^(?:biome\.jsonc?|eslint\.config\..+|\.eslintrc(?:\..+)?|\.?oxlintrc\.json|\.?ruff\.toml|\.flake8|\.pylintrc|mypy\.ini|pyrightconfig\.json|\.golangci\.ya?ml|\.?clippy\.toml|\.rubocop\.yml|phpstan\.neon(?:\.dist)?|\.credo\.exs|\.swiftlint\.yml|\.clang-tidy|checkstyle\.xml|detekt\.yml|\.stylelintrc(?:\..+)?|knip\.jsonc?)$/,
  ],
  ["types", /^(?:tsconfig\.json|jsconfig\.json|py\.typed)$/],
  ["hooks", /^(?:\.pre-commit-config\.yaml|\.?lefthook\.ya?ml|\.husky\/pre-commit|commitlint\.config\..+)$/],
  [
    "packages",
    /^(?:package-lock\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?|deno\.lock|uv\.lock|poetry\.lock|Pipfile\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock|mix\.lock|go\.work|flake\.nix)$/,
  ],
  [
    "monorepo",
    /^(?:nx\.json|turbo\.json|lerna\.json|rush\.json|MODULE\.bazel|WORKSPACE|pants\.toml|settings\.gradle(?:\.kts)?)$/,
  ],
  [
    "ci",
    /^(?:\.github\/workflows\/[^/]+\.ya?ml|\.gitlab-ci\.yml|\.circleci\/config\.yml|Jenkinsfile|azure-pipelines\.yml|\.travis\.yml|bitbucket-pipelines\.yml|\.buildkite\/pipeline\.yml|\.woodpecker\.yml|\.drone\.yml|appveyor\.yml|cloudbuild\.yaml)$/,
  ],
  [
    "container",
    /^(?:(?:[^/]+\/)?Dockerfile|(?:docker-)?compose\.ya?ml|Containerfile|\.devcontainer\/devcontainer\.json)$/,
  ],
  ["schema", /^(?:[^/]+\/){0,4}(?:openapi|swagger)\.(?:ya?ml|json)$|^(?:[^/]+\/){0,3}schema\.(?:prisma|graphql|sql)$/],
];
const MOST_EACH = 8;
const LONGEST_PATH = 200;
const DEEPEST = 5;

/** The files by which a project says how things are done in it. */
export function conventionsOf(files: readonly string[]): ProjectSummary["conventions"] {
  // They stand in the root or near it: the rest of a large tree need not be held against every pattern.
  const near = files.filter((path) => path.length < LONGEST_PATH && path.split("/", DEEPEST + 1).length <= DEEPEST);
  return KINDS.flatMap(([kind, pattern]) =>
    near
      .filter((path) => pattern.test(path))
      .slice(0, MOST_EACH)
      .map((path) => ({ kind, path: bounded(path) })),
  );
}

import { describe, expect, test } from "bun:test";
import { chmod, symlink } from "node:fs/promises";
import { declaredChecks } from "../../src/evaluation/declared-checks.ts";
import { type GivenProject, givenProject } from "../brownfield/support/given-project.ts";

type Files = Readonly<Record<string, string>>;

function scripts(all: Files, more: object = {}): string {
  return JSON.stringify({ name: "toy", scripts: all, ...more });
}

/** What is declared, as `kind: command`, with its folder where that is not the root. */
async function commandsOf(project: GivenProject): Promise<string[]> {
  const { checks } = await declaredChecks(project.root);
  return checks.map(({ kind, folder, command }) => `${folder === "." ? "" : `${folder} `}${kind}: ${command}`);
}

describe("a project declares by its own files", () => {
  test.each<readonly [what: string, files: Files, commands: readonly string[]]>([
    [
      "npm's scripts, by any of the usual names",
      { "package.json": scripts({ "check-types": "tsc", test: "node --test", "lint:ci": "eslint .", dev: "vite" }) },
      ["lint: npm run lint:ci", "static: npm run check-types", "test: npm run test"],
    ],
    [
      "nothing where a script is npm's placeholder",
      { "package.json": scripts({ test: 'echo "Error: no test specified" && exit 1' }) },
      [],
    ],
    [
      "pnpm's, by its lock file",
      { "package.json": scripts({ test: "vitest" }), "pnpm-lock.yaml": "" },
      ["test: pnpm run test"],
    ],
    [
      "yarn's, by its lock file",
      { "package.json": scripts({ test: "jest" }), "yarn.lock": "" },
      ["test: yarn run test"],
    ],
    [
      "bun's, by its lock file",
      { "package.json": scripts({ test: "bun test" }), "bun.lock": "" },
      ["test: bun run test"],
    ],
    [
      "those of the manager the manifest names, whatever else lies about",
      { "package.json": scripts({ build: "tsc -b" }, { packageManager: "pnpm@9.1.0" }), "package-lock.json": "{}" },
      ["build: pnpm run build"],
    ],
    [
      "one lint script that looks, not the one that mends",
      { "package.json": scripts({ lint: "eslint --fix", "lint:check": "eslint" }) },
      ["lint: npm run lint:check"],
    ],
    [
      "coverage in the place of tests, where nothing else runs them",
      { "package.json": scripts({ coverage: "c8 node --test" }) },
      ["test: npm run coverage", "coverage: npm run coverage"],
    ],
    [
      "tests once, where there is coverage besides",
      { "package.json": scripts({ test: "vitest run", coverage: "vitest run --coverage" }) },
      ["test: npm run test"],
    ],
    [
      "Deno's tasks",
      { "deno.jsonc": '{ // tasks\n "tasks": { "check": "deno check main.ts", "test": "deno test -A" } }' },
      ["static: deno task check", "test: deno task test"],
    ],
    ["Deno's own tests", { "deno.json": "{}", "sum_test.ts": "" }, ["test: deno test"]],
    [
      "Cargo",
      { "Cargo.toml": '[package]\nname = "toy"\n[lints.clippy]\nall = "deny"\n' },
      ["lint: cargo clippy", "build: cargo build", "test: cargo test"],
    ],
    [
      "a workspace of Cargo",
      { "Cargo.toml": '[workspace]\nmembers = ["a"]\n', "a/Cargo.toml": "[package]" },
      ["build: cargo build --workspace", "test: cargo test --workspace"],
    ],
    [
      "Go",
      { "go.mod": "module x\n", ".golangci.yml": "" },
      ["lint: golangci-lint run", "static: go vet ./...", "build: go build ./...", "test: go test ./..."],
    ],
    ["Maven", { "pom.xml": "<project/>" }, ["build: mvn -B compile", "test: mvn -B test"]],
    [
      "Gradle",
      { "build.gradle.kts": "" },
      ["build: gradle --no-daemon --console=plain assemble", "test: gradle --no-daemon --console=plain test"],
    ],
    [
      "Python with uv and all its tools",
      {
        "pyproject.toml":
          '[project]\nname = "toy"\n[dependency-groups]\ndev = ["pytest>=8", "ruff"]\n[tool.mypy]\nstrict = true\n',
        "uv.lock": "",
      },
      ["lint: uv run ruff check .", "static: uv run mypy .", "test: uv run pytest"],
    ],
    [
      "Python with Poetry",
      {
        "pyproject.toml": '[tool.poetry]\nname = "toy"\n[tool.poetry.group.dev.dependencies]\npytest = "^8"\n',
        "poetry.lock": "",
      },
      ["test: poetry run pytest"],
    ],
    [
      "Python with requirements for those who work on it",
      { "requirements-dev.txt": "pytest==8\nflake8\n", "setup.py": "" },
      ["lint: python3 -m flake8", "test: python3 -m pytest"],
    ],
    [
      "Python without a word about tools, but with tests",
      { "test_sum.py": "" },
      ["test: python3 -m unittest discover"],
    ],
    [
      "Python's tests in a folder that is no package",
      { "pyproject.toml": "", "tests/test_sum.py": "" },
      ["test: python3 -m unittest discover -s tests"],
    ],
    [
      "Python's tests in a package",
      { "setup.cfg": "", "tests/__init__.py": "", "tests/test_sum.py": "" },
      ["test: python3 -m unittest discover"],
    ],
    ["nothing for Python without tests or tools", { "pyproject.toml": '[project]\nname = "toy"\n' }, []],
    [
      "make's targets, `check` for the tests",
      { Makefile: "CC = cc\nall: toy\nlint:\n\tcc -Wall\ncheck: toy\n\t./run\n" },
      ["lint: make lint", "test: make check"],
    ],
    [
      "just's recipes",
      { justfile: "typecheck:\n  tsc\n@test: typecheck\n  node --test\n" },
      ["static: just typecheck"],
    ],
    [
      "tasks of a Taskfile",
      { "Taskfile.yml": "version: '3'\ntasks:\n  lint:\n    cmds: [x]\n  test: node --test\n" },
      ["lint: task lint", "test: task test"],
    ],
    [
      "CMake with tests",
      { "CMakeLists.txt": "project(toy C)\nenable_testing()\n" },
      [
        "build: cmake -S . -B build/ouroboros && cmake --build build/ouroboros",
        "test: ctest --test-dir build/ouroboros --output-on-failure",
      ],
    ],
    [
      ".NET by its solution",
      { "Toy.sln": "", "a/A.csproj": "" },
      ["build: dotnet build --nologo", "test: dotnet test --nologo"],
    ],
    [
      "Ruby",
      { Gemfile: 'gem "rspec"\ngem "rubocop"\n', Rakefile: "task :spec do\nend\n" },
      ["lint: bundle exec rubocop", "test: bundle exec rake spec"],
    ],
    [
      "PHP",
      { "composer.json": scripts({ analyse: "phpstan" }), "phpunit.xml.dist": "" },
      ["static: composer run-script analyse", "test: composer exec phpunit"],
    ],
    [
      "Elixir",
      { "mix.exs": "", "test/toy_test.exs": "", ".formatter.exs": "" },
      ["lint: mix format --check-formatted", "build: mix compile", "test: mix test"],
    ],
    ["Swift", { "Package.swift": "", "Tests/ToyTests/a.swift": "" }, ["build: swift build", "test: swift test"]],
    ["Zig", { "build.zig": 'const t = b.step("test", "Run tests");' }, ["build: zig build", "test: zig build test"]],
    ["nothing where there is nothing", { "README.md": "# Run `npm test`" }, []],
  ])("%s", async (_, files, commands) => {
    await using project = await givenProject(files);
    expect(await commandsOf(project)).toEqual([...commands]);
  });

  test("a wrapper that is there and may be run is used", async () => {
    await using project = await givenProject({ "pom.xml": "<project/>", mvnw: "#!/bin/sh\n" });
    expect(await commandsOf(project)).toContain("test: mvn -B test");
    await chmod(project.at("mvnw"), 0o755);
    expect(await commandsOf(project)).toContain("test: ./mvnw -B test");
  });

  test("what may not be told is a fault of its kinds, not a project without them", async () => {
    await using project = await givenProject({ "package.json": '{"scripts": ' });
    const { checks } = await declaredChecks(project.root);
    expect(checks.map(({ kind, command }) => [kind, command])).toEqual([
      ["lint", null],
      ["static", null],
      ["build", null],
      ["test", null],
    ]);
    expect(checks[0]?.fault).toContain("package.json cannot be read");
  });

  test.each(["echo ok", "true", "node --test || true", "node --test; exit 0"])("%j is no test", async (command) => {
    await using project = await givenProject({ "package.json": scripts({ test: command }) });
    const { checks } = await declaredChecks(project.root);
    expect(checks).toMatchObject([{ kind: "test", command: null, script: command }]);
    expect(checks[0]?.fault).toStartWith("It succeeds whatever was done");
  });
});

test("a script called check is taken where it says that it looks, and not where it may run the tests again", async () => {
  const declared = async (check: string) => {
    await using project = await givenProject({ "package.json": scripts({ check, test: "node --test" }) });
    return await commandsOf(project);
  };
  expect(await declared("tsc && eslint .")).toEqual(["static: npm run check", "test: npm run test"]);
  for (const line of ["node gate.js", "tsc && npm test"]) expect(await declared(line)).toEqual(["test: npm run test"]);
});

test("a recipe that fails before its last line can fail, whatever that line is", async () => {
  await using project = await givenProject({
    Makefile: "build:\n\tcc toy.c\n\t@echo built\ntest:\n\t@echo one\n\t@echo two\n",
  });
  expect(await commandsOf(project)).toEqual(["build: make build", "test: null"]);
});

test("what a script runs before and after itself is told with it", async () => {
  await using project = await givenProject({
    "package.json": scripts({ pretest: "node prepare.js", test: "node --test", posttest: "node tidy.js" }),
  });
  const { checks } = await declaredChecks(project.root);
  expect(checks[0]?.script).toBe("node prepare.js\nnode --test\nnode tidy.js");
});

describe("of several that declare", () => {
  test("the scripts of its one language go before a target of the same name", async () => {
    await using project = await givenProject({
      "package.json": scripts({ test: "node --test" }),
      Makefile: "test:\n\tnpm test\nlint:\n\tx\n",
    });
    expect(await commandsOf(project)).toEqual(["lint: make lint", "test: npm run test"]);
  });

  test("a target goes before what only follows from the tools", async () => {
    await using project = await givenProject({ "Cargo.toml": "[package]", Makefile: "test:\n\tcargo nextest run\n" });
    expect(await commandsOf(project)).toEqual(["build: cargo build", "test: make test"]);
  });

  test("two languages are both checked, unless a target speaks for them", async () => {
    const files = { "package.json": scripts({ test: "node --test" }), "Cargo.toml": "[package]" };
    await using project = await givenProject(files);
    expect(await commandsOf(project)).toEqual(["build: cargo build", "test: npm run test", "test: cargo test"]);
    await project.write({ Makefile: "test:\n\tnpm test && cargo test\n" });
    expect(await commandsOf(project)).toEqual(["build: cargo build", "test: make test"]);
  });

  test("sub-projects count where the root says nothing", async () => {
    const part = scripts({ test: "node --test" });
    await using project = await givenProject({
      "package.json": scripts({ dev: "vite" }),
      "packages/a/package.json": part,
      "packages/b/Cargo.toml": "[package]",
      "packages/c/deep/package.json": part,
      "node_modules/d/package.json": part,
      "tests/fixtures/package.json": part,
    });
    expect(await commandsOf(project)).toEqual([
      "packages/b build: cargo build",
      "packages/a test: npm run test",
      "packages/b test: cargo test",
    ]);
    await project.write({ "package.json": scripts({ test: "turbo test" }) });
    expect(await commandsOf(project)).toEqual(["test: npm run test"]);
  });

  test("of very many sub-projects eight are taken, and that is said", async () => {
    const many = Array.from({ length: 20 }, (_, at) => [`p${at}/Cargo.toml`, "[package]"]);
    await using project = await givenProject(Object.fromEntries(many));
    const { checks, notes } = await declaredChecks(project.root);
    expect(new Set(checks.map(({ folder }) => folder)).size).toBe(8);
    expect(notes).toEqual(["Only 8 sub-projects are checked: p16 and others are not"]);
  });
});

describe("mechanical.toml", () => {
  const given = (toml: string) =>
    givenProject({
      "package.json": scripts({ test: "node --test", lint: "eslint ." }),
      ".ouroboros/mechanical.toml": toml,
    });

  test("replaces, adds and switches off, and sets its bounds", async () => {
    await using project = await given(
      'lint = ""\nstatic = "tsc --noEmit"\ntest = ["node", "--test", "a b"]\ncoverage = "npm run cov"\ntimeout = 90\ncoverage_threshold = 0.85\n',
    );
    const declared = await declaredChecks(project.root);
    expect(declared.checks.map(({ kind, command }) => `${kind}: ${command}`)).toEqual([
      "static: tsc --noEmit",
      "test: node --test 'a b'",
      "coverage: npm run cov",
    ]);
    expect(declared).toMatchObject({ timeoutMs: 90_000, coverageThreshold: 0.85, notes: [] });
  });

  test("may ask for no more than an hour", async () => {
    await using project = await given("timeout = 999999\n");
    expect(await declaredChecks(project.root)).toMatchObject({ timeoutMs: 3_600_000, coverageThreshold: 0.7 });
  });

  test.each(['test = "npm', "lint = 5", "timeout = -1", "coverage_threshold = 70", 'test = "a"\ntest = "b"'])(
    "that is wrong is a fault of everything, and nothing else is tried: %j",
    async (toml) => {
      await using project = await given(toml);
      const { checks } = await declaredChecks(project.root);
      expect(checks.map(({ kind, command }) => `${kind}: ${command}`)).toEqual(
        ["lint", "static", "build", "test", "coverage"].map((kind) => `${kind}: null`),
      );
      expect(checks[0]?.fault).toStartWith(".ouroboros/mechanical.toml cannot be used");
    },
  );

  test("that is no plain file of the project is a fault, too", async () => {
    await using project = await givenProject({ "package.json": scripts({ test: "x" }), ".ouroboros/x": "" });
    await project.write({ "../elsewhere.toml": 'test = "npm test"' });
    await symlink(project.at("../elsewhere.toml"), project.at(".ouroboros/mechanical.toml"));
    const { checks } = await declaredChecks(project.root);
    expect(checks.map(({ command }) => command)).toEqual([null, null, null, null, null]);
  });

  test("an unknown setting is told", async () => {
    await using project = await given('tests = "npm test"\n');
    expect((await declaredChecks(project.root)).notes).toEqual(['.ouroboros/mechanical.toml: "tests" is not known']);
  });

  test.each([
    'test = "/bin/sh -c ./evil"',
    'test = ["/bin/sh", "-c", "./evil"]',
    'test = "sh -c ./evil"',
    'test = "../evil"',
    'test = "./evil"',
    'test = "npm test; ./evil"',
    'test = "npm test $(./evil)"',
    'test = "PATH=. npm test"',
    'test = "npx sh -c ./evil"',
    'test = "make SHELL=./evil test"',
    'test = "./gradlew"',
  ])("chooses no program of its own: %s", async (toml) => {
    await using project = await given(`${toml}\n`);
    await symlink("/bin/sh", project.at("gradlew"));
    const { checks } = await declaredChecks(project.root);
    const found = checks.find(({ kind }) => kind === "test");
    expect(found).toMatchObject({ command: null, source: ".ouroboros/mechanical.toml test" });
    expect(found?.fault).toBeString();
    // The others are not touched by it.
    expect(checks.find(({ kind }) => kind === "lint")?.command).toBe("npm run lint");
  });

  test("may name what the user's own configuration allows", async () => {
    await using project = await given('test = "acme-check --all"\n');
    expect((await declaredChecks(project.root)).checks.at(-1)).toMatchObject({ command: null });
    expect((await declaredChecks(project.root, ["acme-check"])).checks.at(-1)).toMatchObject({
      command: "acme-check --all",
    });
  });
});

describe("what was agreed to", () => {
  test.each<readonly [what: string, files: Files]>([
    ["a script that a script could call", { "package.json": scripts({ test: "node --test", helper: "y" }) }],
    ["a Makefile's recipe", { Makefile: "build:\n\tcc other.c\n" }],
    ["the settings", { ".ouroboros/mechanical.toml": "timeout = 10\n" }],
    ["another lock file", { "pnpm-lock.yaml": "" }],
  ])("is something else after a change of %s", async (_, change) => {
    await using project = await givenProject({
      "package.json": scripts({ test: "node --test", helper: "x" }),
      Makefile: "build:\n\tcc toy.c\n",
    });
    const { hash } = await declaredChecks(project.root);
    await project.write(change);
    expect((await declaredChecks(project.root)).hash).not.toBe(hash);
  });

  test("is the same after a change of anything else, and in a copy elsewhere", async () => {
    const files = { "package.json": scripts({ test: "node --test", lint: "x" }), Makefile: "build:\n\tcc toy.c\n" };
    await using project = await givenProject(files);
    await using copy = await givenProject(files);
    const { hash } = await declaredChecks(project.root);
    expect((await declaredChecks(copy.root)).hash).toBe(hash);
    await project.write({
      "package.json": scripts({ lint: "x", test: "node --test" }, { version: "2.0.0", dependencies: { a: "1" } }),
      "src/a.js": "1",
    });
    expect((await declaredChecks(project.root)).hash).toBe(hash);
  });
});

test("a virtual environment is used where its Python comes from outside, and nothing else is taken for one", async () => {
  await using project = await givenProject({ "test_sum.py": "", ".venv/bin/x": "", "venv/bin/python3": "#!/bin/sh\n" });
  await chmod(project.at("venv/bin/python3"), 0o755);
  await symlink("python3", project.at("venv/bin/python"));
  await symlink("/bin/sh", project.at(".venv/bin/python"));
  expect(await commandsOf(project)).toEqual(["test: python3 -m unittest discover"]);
  await using outside = await givenProject({ python3: "#!/bin/sh\n" });
  await using good = await givenProject({ "test_sum.py": "", ".venv/bin/x": "" });
  await symlink(outside.at("python3"), good.at(".venv/bin/python"));
  expect(await commandsOf(good)).toEqual(["test: .venv/bin/python -m unittest discover"]);
});

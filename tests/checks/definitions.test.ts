import { describe, expect, test } from "bun:test";
import { namedFiles, placedCommands } from "../../src/checks/command-files.ts";
import { definitionsOf } from "../../src/checks/definitions/definitions-of.ts";

function pieces(line: string, path: string, text: string) {
  return definitionsOf(placedCommands(line)).get(path)?.pieces(text);
}

test("a line names files it runs and files it only looks at, wherever it goes", () => {
  const line =
    "cd web && python -m pkg.check --config=conf/a.toml tests/b.py::test_c; grep -q x ../README.md | sort /etc/x";
  const { run, seen } = namedFiles(placedCommands(line));
  for (const path of ["web/pkg/check.py", "web/conf/a.toml", "web/tests/b.py"]) expect(run).toContain(path);
  expect(seen).toContain("README.md");
  expect([...run, ...seen].filter((path) => path.includes("etc"))).toEqual([]);
});

test.each([
  "(cd web; npm test)",
  "if test -d web; then npm test; fi",
  "timeout -k 5 60 npm test",
  "bash -ec 'cd web && npm test'",
  "A=b env C=d ! npm test",
])("finds what is run in %s", (line) => {
  expect([...definitionsOf(placedCommands(line)).keys()]).toEqual([
    line.includes("cd web") ? "web/package.json" : "package.json",
  ]);
});

describe("of a file that says what a command runs, only what the command needs counts:", () => {
  test("scripts, those that they call, and what runs around them", () => {
    const scripts = { test: "npm run -s unit && true", unit: "x", posttest: "y", build: "z", postbuild: "w" };
    const text = JSON.stringify({ name: "a", scripts, jest: { bail: 1 }, dependencies: {} });
    const found = pieces("npm t", "package.json", text);
    expect(Object.keys(found ?? {}).sort()).toEqual(["jest", "scripts.posttest", "scripts.test", "scripts.unit"]);
    expect(pieces("npm t", "package.json", "not JSON")).toEqual({});
  });

  test("rules, what they need, and variables in them", () => {
    const text =
      "RUN = sh\nOTHER := x\n.PHONY: test\nall: test lint\ntest: build\n\t@$(RUN) t.sh\n\n\techo done\nbuild:\n\t$(MAKE) deep\ndeep:\n\ttrue\nlint:\n\tlint\n";
    const { rules } = pieces("make -s test", "Makefile", text) ?? {};
    for (const part of ["test: build", "echo done", "deep:", "RUN = sh"]) expect(rules).toContain(part);
    for (const part of ["lint", "OTHER"]) expect(rules).not.toContain(part);
    expect(pieces("make", "Makefile", text)?.rules).toContain("lint:");
    expect(pieces("make missing", "Makefile", text)).toEqual({});
    const recipes = "run := 'sh'\ntest name='': build\n    {{run}} t.sh\nbuild:\n    true\nother:\n    false\n";
    expect(pieces("just test", "justfile", recipes)?.rules).toContain("run := 'sh'");
    expect(pieces("just test", "justfile", recipes)?.rules).not.toContain("other");
    expect(definitionsOf(placedCommands("make test")).get("Makefile")?.lines(text)).toContain("$(RUN) t.sh");
  });

  test("sections of settings", () => {
    const text = '[project]\nname = "a"\n[tool.pytest.ini_options]\naddopts = "-q"\n[tool.black]\nline = 1\n';
    expect(pieces("python3 -m pytest", "pyproject.toml", text)).toEqual({
      "[tool.pytest.ini_options]": '[tool.pytest.ini_options]\naddopts = "-q"',
    });
    expect(Object.keys(pieces("pytest", "setup.cfg", "[metadata]\nx=1\n[tool:pytest]\ny=2\n") ?? {})).toEqual([
      "[tool:pytest]",
    ]);
  });
});

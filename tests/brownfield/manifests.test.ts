import { expect, test } from "bun:test";
import type { ManifestFacts } from "../../src/brownfield/manifests/manifest-facts.ts";
import { manifestKind } from "../../src/brownfield/manifests/manifest-kinds.ts";

test.each<readonly [string, string, ManifestFacts]>([
  [
    "package.json",
    `{"name": "a", "bin": "cli.js", "main": "./m.js", "exports": {".": {"import": "./e.js"}}, "peerDependencies": {"x": "1"},
"scripts": {"go": "run"}, "workspaces": {"packages": ["p/*"]}}`,
    {
      name: "a",
      scripts: [{ name: "go", command: "run" }],
      dependencies: ["x"],
      entries: ["cli.js", "./m.js", "./e.js"],
      workspaces: ["p/*"],
    },
  ],
  [
    "deno.jsonc",
    `{
  // a comment, and "a quote"
  "name": "@a/b", "version": "0.1.0", /* more */
  "tasks": { "dev": { "command": "deno run // no comment" } },
  "imports": { "@std/assert": "jsr:1", },
}`,
    {
      name: "@a/b",
      version: "0.1.0",
      scripts: [{ name: "dev", command: '{"command":"deno run // no comment"}' }],
      dependencies: ["@std/assert"],
      entries: [],
      workspaces: [],
    },
  ],
  ["pnpm-workspace.yaml", "packages:\n  - 'apps/*'\n  - libs\n", { workspaces: ["apps/*", "libs"] }],
  [
    "composer.json",
    '{"name": "a/b", "require": {"php": "8"}, "require-dev": {"phpunit/phpunit": "11"}, "scripts": {"test": ["phpunit", "-v"]}}',
    {
      name: "a/b",
      scripts: [{ name: "test", command: '["phpunit","-v"]' }],
      dependencies: ["php", "phpunit/phpunit"],
      entries: [],
    },
  ],
  [
    "pubspec.yaml",
    "name: app\nversion: 1.0.0\ndependencies:\n  http: ^1.0.0\n",
    { name: "app", version: "1.0.0", dependencies: ["http"] },
  ],
  [
    "Cargo.toml",
    `[package]
name = "tool" # the name
version = '0.3.1'
description = """
Does
things"""
[dependencies]
serde = { version = "1", features = ["derive"] }
tokio.workspace = true
[dev-dependencies]
proptest = "1"
[target.'cfg(unix)'.dependencies.nix]
version = "0.29"
[[bin]]
name = "tool"
path = "src/cli.rs"
[workspace]
members = [
  "a", # one
  "b/[x]",
]
`,
    {
      name: "tool",
      version: "0.3.1",
      description: "Does\nthings",
      dependencies: ["serde", "tokio", "proptest", "nix"],
      entries: ["src/cli.rs"],
      workspaces: ["a", "b/[x]"],
    },
  ],
  [
    "pyproject.toml",
    `[project]
name = "svc"
version = "2.0"
dependencies = ["fastapi[all]>=0.1", "mine @ git+https://localhost/mine",
  'httpx ; python_version > "3"']
[project.optional-dependencies]
dev = ["pytest>=8"]
[dependency-groups]
lint = ["ruff"]
[project.scripts]
svc = "svc.main:run"
[tool.uv.workspace]
members = ["packages/*"]
`,
    {
      name: "svc",
      version: "2.0",
      scripts: [{ name: "svc", command: "svc.main:run" }],
      dependencies: ["fastapi", "mine", "httpx", "pytest", "ruff"],
      entries: ["svc.main:run"],
      workspaces: ["packages/*"],
    },
  ],
  [
    "pyproject.toml",
    '[tool.poetry]\nname = "old"\n[tool.poetry.dependencies]\npython = "^3.12"\nflask = "*"\n[tool.poetry.group.dev.dependencies]\nmypy = "1"\n',
    { name: "old", scripts: [], dependencies: ["flask", "mypy"], entries: [], workspaces: [] },
  ],
  [
    "requirements.txt",
    "# all\n-r other.txt\nDjango==5.0 # web\nrequests[socks]>=2\nhttps://localhost/x.whl\n\n",
    { dependencies: ["Django", "requests"] },
  ],
  [
    "go.mod",
    "module example.com/svc\n\ngo 1.24\n\nrequire example.com/one v1.0.0\nrequire (\n\texample.com/two/v2 v2.1.0\n\texample.com/far v0.1.0 // indirect\n)\n",
    { name: "example.com/svc", version: "1.24", dependencies: ["example.com/one", "example.com/two/v2"] },
  ],
  [
    "setup.py",
    'from setuptools import setup\nsetup(name="pkg", version="0.1", description="A thing")\n',
    { name: "pkg", version: "0.1", description: "A thing" },
  ],
  [
    "pom.xml",
    `<project><parent><artifactId>parent</artifactId><version>9</version></parent><artifactId>app</artifactId><version>1.0</version>
<modules><module>core</module></modules><dependencies><dependency><groupId>g</groupId><artifactId>junit-jupiter</artifactId></dependency></dependencies></project>`,
    { name: "app", version: "1.0", dependencies: ["junit-jupiter"], workspaces: ["core"] },
  ],
  [
    "build.gradle.kts",
    'version = "3.1"\ndependencies {\n  implementation("io.ktor:ktor-core:2.0")\n  testImplementation("org.junit:junit:5")\n}\n',
    { version: "3.1", dependencies: ["io.ktor:ktor-core", "org.junit:junit"] },
  ],
  ["Gemfile", "source 'x'\ngem 'rails', '~> 8'\n  gem \"rspec\"\n# gem 'no'\n", { dependencies: ["rails", "rspec"] }],
  [
    "mix.exs",
    'def project, do: [app: :shop, version: "0.1.0"]\ndefp deps, do: [{:phoenix, "~> 1.7"}, {:local, path: "../l"}]\n',
    { name: "shop", version: "0.1.0", dependencies: ["phoenix", "local"] },
  ],
  [
    "CMakeLists.txt",
    "cmake_minimum_required(VERSION 3.20)\nproject(engine\n  VERSION 1.4 LANGUAGES CXX)\nfind_package(Boost REQUIRED)\n",
    { name: "engine", version: "1.4", dependencies: ["Boost"] },
  ],
  [
    "Makefile",
    ".PHONY: all\nCC := gcc\nall: build\nbuild:\n\tcc x.c\nbuild: more\n",
    { scripts: ["all", "build"].map((name) => ({ name, command: `make ${name}` })) },
  ],
  [
    "Package.swift",
    'let package = Package(name: "Kit", dependencies: [.package(name: "x", url: "https://localhost/nio.git", from: "2.0.0")])',
    { name: "Kit", dependencies: ["https://localhost/nio.git"] },
  ],
  [
    "App.csproj",
    '<Project><PropertyGroup><Version>1.0</Version></PropertyGroup><ItemGroup><PackageReference Version="2" Include="xunit" /></ItemGroup></Project>',
    { version: "1.0", dependencies: ["xunit"] },
  ],
  ["build.zig", "anything", {}],
])("%s says what it declares", (name, text, facts) => {
  const read = manifestKind(`some/folder/${name}`)?.parse(text);
  expect(defined(read)).toEqual(defined(facts));
});

test("no other file is a manifest, whatever objects inherit", () => {
  for (const name of [
    "constructor",
    "toString",
    "__proto__",
    "package.json.bak",
    "Makefile.am",
    "readme",
    ".sln/x",
    "",
  ]) {
    expect({ name, kind: manifestKind(name) }).toEqual({ name, kind: undefined });
  }
});

test("a manifest made to keep its reader busy does not", () => {
  const size = 2 ** 16;
  const worst = [
    "<dependency>",
    "<parent>",
    "project(",
    '"\\',
    "/*",
    "\n",
    " ",
    "[",
    '"""',
    "name = ",
    '.package(name: "',
    "{:a, ",
    ",",
    "<PackageReference ",
  ];
  const names = ["deno.json", "Cargo.toml", "pyproject.toml", "requirements.txt", "go.mod", "setup.py", "pom.xml"];
  names.push("build.gradle", "Gemfile", "mix.exs", "CMakeLists.txt", "Makefile", "Package.swift", "a.csproj");
  for (const name of names) {
    for (const piece of worst) {
      const text = piece.repeat(size / piece.length);
      const started = performance.now();
      try {
        manifestKind(name)?.parse(`x${text}`);
      } catch {
        // Refused as damaged: what matters is how soon.
      }
      const ms = performance.now() - started;
      // A pattern that goes wrong takes minutes: this is no limit on how fast it should be.
      expect({ name, piece, busy: ms > 5_000 }).toEqual({ name, piece, busy: false });
    }
  }
});

/** Without what is not declared. */
function defined(facts: ManifestFacts | undefined): unknown {
  return JSON.parse(JSON.stringify(facts ?? null));
}

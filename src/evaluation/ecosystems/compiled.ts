import { readTomlLines } from "../../brownfield/manifests/toml-lines.ts";
import { byTool, type Candidate } from "../declared.ts";
import type { ProjectFolder } from "../project-folder.ts";

/** Rust: its compiler and its tests; its linters where the project has settings for them. */
export async function cargoChecks(project: ProjectFolder): Promise<Candidate[]> {
  const file = "Cargo.toml";
  if (!project.files.has(file)) return [];
  const sections = [...readTomlLines(await project.text(file)).keys()];
  const all = sections.includes("workspace") ? " --workspace" : "";
  const checks = [byTool("build", file, `cargo build${all}`), byTool("test", file, `cargo test${all}`)];
  const lints = sections.find((name) => /^(?:workspace\.)?lints\.clippy$/.test(name)) && file;
  const clippy = project.firstOf("clippy.toml", ".clippy.toml") ?? lints;
  const format = project.firstOf("rustfmt.toml", ".rustfmt.toml");
  if (clippy !== undefined) checks.push(byTool("lint", clippy, `cargo clippy${all}`));
  else if (format !== undefined) checks.push(byTool("lint", format, "cargo fmt --check"));
  return checks;
}

/** Go: what its one program does. */
export async function goChecks(project: ProjectFolder): Promise<Candidate[]> {
  const file = "go.mod";
  if (!project.files.has(file)) return [];
  const lint = project.firstOf(".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json");
  return [
    ...(lint === undefined ? [] : [byTool("lint", lint, "golangci-lint run")]),
    byTool("static", file, "go vet ./..."),
    byTool("build", file, "go build ./..."),
    byTool("test", file, "go test ./..."),
  ];
}

/** Zig: its tests where the build file has a step for them. */
export async function zigChecks(project: ProjectFolder): Promise<Candidate[]> {
  const file = "build.zig";
  if (!project.files.has(file)) return [];
  const build = byTool("build", file, "zig build");
  return /\bstep\(\s*"test"/.test(await project.text(file)) ? [build, byTool("test", file, "zig build test")] : [build];
}

/** Swift, as a package. */
export async function swiftChecks(project: ProjectFolder): Promise<Candidate[]> {
  const file = "Package.swift";
  if (!project.files.has(file)) return [];
  const checks = [byTool("build", file, "swift build")];
  if (project.folders.has("Tests")) checks.push(byTool("test", file, "swift test"));
  const lint = project.firstOf(".swiftlint.yml");
  if (lint !== undefined) checks.push(byTool("lint", lint, "swiftlint lint --quiet"));
  return checks;
}

/** CMake, in a folder of its own below `build`, which projects tell git to ignore; CTest where the project says it has tests. */
export async function cmakeChecks(project: ProjectFolder): Promise<Candidate[]> {
  const file = "CMakeLists.txt";
  if (!project.files.has(file)) return [];
  const text = await project.text(file);
  if (!/^[ \t]*project\s*\(/im.test(text)) return [];
  const made = `cmake -S . -B ${CMAKE_FOLDER} && cmake --build ${CMAKE_FOLDER}`;
  const checks = [byTool("build", file, made)];
  if (/^[ \t]*(?:enable_testing\s*\(|add_test\s*\(|include\s*\(\s*CTest\b)/im.test(text)) {
    checks.push(byTool("test", file, `ctest --test-dir ${CMAKE_FOLDER} --output-on-failure`));
  }
  return checks;
}

const CMAKE_FOLDER = "build/ouroboros";

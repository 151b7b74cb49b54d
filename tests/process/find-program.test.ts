import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { findProgram } from "../../src/process/find-program.ts";

let root: string;
let project: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "ouroboros-find-")));
  project = join(root, "project");
  mkdirSync(join(project, "bin"), { recursive: true });
  mkdirSync(join(project, "deep/er"), { recursive: true });
  mkdirSync(join(root, "user"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, mode = 0o755): string {
  const whole = join(root, path);
  writeFileSync(whole, "#!/bin/sh\n", { mode });
  return whole;
}

function searchPath(...entries: string[]): string {
  return entries.join(delimiter);
}

test("a project cannot put itself in an agent's place, whichever way it is named in the search path", () => {
  const users = put("user/claude");
  put("project/bin/claude");
  put("project/claude");
  symlinkSync(join(project, "bin"), join(root, "link"));
  const path = searchPath(join(project, "bin"), ".", "", "bin", join(root, "link"), project, join(root, "user"));
  expect(findProgram("claude", path, project)).toEqual({ program: users, path: join(root, "user") });
});

test("nor from the rest of its checkout, nor through a link in a folder of the user's", () => {
  mkdirSync(join(project, ".git"));
  put("project/bin/claude");
  symlinkSync(join(project, "bin/claude"), join(root, "user/claude"));
  const path = searchPath(join(project, "bin"), join(root, "user"));
  expect(findProgram("claude", path, join(project, "deep/er"))).toBeNull();
});

test("a program is an executable file with that name, or with that whole path", () => {
  put("user/claude", 0o644);
  mkdirSync(join(root, "user/codex"));
  const path = join(root, "user");
  expect(findProgram("claude", path, project)).toBeNull();
  expect(findProgram("codex", path, project)).toBeNull();
  expect(findProgram("./claude", path, project)).toBeNull();
  const whole = put("user/agent");
  expect(findProgram(whole, "", project)?.program).toBe(whole);
  expect(findProgram("agent", path, null)?.program).toBe(whole);
});

test("what the user has in their home is theirs, also when they work in it", () => {
  expect(findProgram("sh", searchPath("/bin", "/usr/bin"), homedir())?.program).toMatch(/bin\/sh$/);
  expect(findProgram("sh", searchPath("/bin", "/usr/bin"), "/")?.program).toMatch(/bin\/sh$/);
});

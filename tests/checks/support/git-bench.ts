import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isRefusal } from "../../../src/base/refusal.ts";
import { openWorkspace } from "../../../src/workspaces/open-workspace.ts";
import type { Bench } from "../../../src/workspaces/workspace.ts";

interface GitBench extends Bench, AsyncDisposable {
  readonly base: string;
  /** Puts files there, as an agent would; null removes one. */
  put(files: Readonly<Record<string, string | null>>): void;
}

/** A bench of a run in a repository with these files; `inside` is the folder of it that the run was started in. */
export async function gitBench(
  files: Readonly<Record<string, string>>,
  inside = "",
  mode: "worktree" | "in_place" = "worktree",
): Promise<GitBench> {
  const root = mkdtempSync(join(tmpdir(), "ouroboros-checks-"));
  const project = join(root, "project");
  mkdirSync(project);
  put(project, files);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@localhost", ...args], { cwd: project });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "--allow-empty", "-m", "base");
  const workspace = await openWorkspace({
    runId: "exec_1",
    cwd: join(project, inside),
    home: join(root, "home"),
    mode,
    signal: new AbortController().signal,
  });
  if (isRefusal(workspace) || workspace.base === null) throw new Error("The project was not taken");
  const bench = await workspace.open("ac");
  const top = bench.folder.slice(0, bench.folder.length - inside.length);
  return {
    ...bench,
    base: workspace.base,
    put: (given) => put(top, given),
    [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true, force: true }),
  };
}

function put(top: string, files: Readonly<Record<string, string | null>>): void {
  for (const [path, text] of Object.entries(files)) {
    rmSync(join(top, path), { force: true, recursive: true });
    if (text === null) continue;
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
}

import { execFileSync } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isRefusal } from "../../../src/base/refusal.ts";
import type { EvaluationRecord } from "../../../src/domain/evaluation/evaluation-record.ts";
import type { SessionContext } from "../../../src/sessions/session-context.ts";
import { evaluate } from "../../../src/workflows/evaluation/evaluate.ts";
import { findWork, type Work } from "../../../src/workflows/evaluation/work-to-judge.ts";
import type { State } from "../../fixtures/states/state.ts";
import { writeAll } from "../../workspaces/support/given-repository.ts";

/** Lays a state out in a folder, as a repository where something is known of before, and finds it as somebody's work. */
export async function layOut(context: SessionContext, state: State, folder: string): Promise<Work> {
  const { before, after, criteria } = state;
  await mkdir(folder, { recursive: true });
  await writeAll(folder, before ?? after);
  const commits: string[] = [];
  if (before !== null) {
    git(folder, "init", "--quiet", "--initial-branch", "main");
    commits.push(commit(folder));
    for (const path of Object.keys(before)) if (!(path in after)) await rm(join(folder, path));
    await writeAll(folder, after);
    commits.push(commit(folder));
  }
  const seed = JSON.stringify({ goal: state.name, acceptance_criteria: criteria });
  const [base, from] = commits.map((one) => ({ commit: one, copy_of: null }));
  const work = await findWork(context, { cwd: folder, seed, from, base });
  if (isRefusal(work)) throw new Error(work.message);
  return work;
}

/** Evaluates it by what can be run. */
export async function evaluateByChecks(context: SessionContext, work: Work): Promise<EvaluationRecord> {
  const request = { work, artifact: "", depth: "checks", known: [] } as const;
  const how = { caller: { hasHost: false, continuation: null }, tell: async () => {} };
  const evaluated = await evaluate(context, request, how, new AbortController().signal);
  if (isRefusal(evaluated)) throw new Error(`${evaluated.code}: ${evaluated.message}`);
  return evaluated.record;
}

function commit(folder: string): string {
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--allow-empty", "--message", "as it is");
  return git(folder, "rev-parse", "HEAD").trim();
}

function git(folder: string, ...args: readonly string[]): string {
  const who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
  const env = { PATH: process.env.PATH ?? "", HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  return execFileSync("git", ["-C", folder, ...who, ...args], { env, encoding: "utf8", stdio: "pipe" });
}

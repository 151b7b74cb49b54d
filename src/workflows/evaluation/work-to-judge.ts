import { nextForId } from "../../base/id-kind.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Subject } from "../../domain/evaluation/evaluation-record.ts";
import { toOrigin } from "../../domain/run/origin.ts";
import type { RunStart } from "../../domain/run/run-start.ts";
import { type Seed, toSeed } from "../../domain/seed/seed.ts";
import { seedHash } from "../../domain/seed/seed-hash.ts";
import { fromYaml } from "../../domain/seed/seed-yaml.ts";
import { findSeed } from "../../sessions/resume/seed-lookup.ts";
import { judgeSession, type SessionContext } from "../../sessions/session-context.ts";
import { putBlob } from "../../store/blobs.ts";
import { readOrigin } from "../../store/session/run-records.ts";
import { readRunWorkspace } from "../../store/session/run-workspace.ts";
import { findByExecution } from "../../store/session/sessions.ts";

/** What somebody wants judged: the work of a run, or what lies in a folder. */
export type Asked =
  | { readonly run: string; readonly seed?: string | undefined }
  | {
      readonly cwd: string;
      readonly seed: string;
      /** A commit of that folder's repository, and the one it was made from. */
      readonly from?: Work["from"];
      readonly base?: Work["base"];
    };

/** A piece of work and its specification, found. */
export interface Work {
  readonly seed: Seed;
  readonly seedText: string;
  readonly cwd: string;
  /** The commit that holds it; undefined for a folder as it lies there. */
  readonly from: Pick<RunStart, "commit" | "copy_of"> | undefined;
  /** The untouched tree it was made from, where there is one. */
  readonly base: Pick<RunStart, "commit" | "copy_of"> | undefined;
  readonly subject: Omit<Subject, "tree_hash">;
}

/** Finds what is to be judged: of a run what it has merged, whatever has become of its branch since. */
export async function findWork(context: SessionContext, asked: Asked): Promise<Work | Refusal> {
  return "run" in asked
    ? workOfRun(context, asked)
    : workIn(context, asked.cwd, asked.seed, { from: asked.from, base: asked.base });
}

async function workOfRun(
  context: SessionContext,
  { run, seed }: { readonly run: string; readonly seed?: string | undefined },
): Promise<Work | Refusal> {
  const { store } = context;
  const sessionId = (await judgeSession(context, run)) ? run : await findByExecution(store, run);
  const judged = sessionId === undefined ? undefined : await judgeSession(context, sessionId);
  if (!judged) {
    const next = nextForId(run, ["orch_", "exec_", "eval_"], "`ouroboros sessions` lists those there are");
    return refuse("not_found", `Session not found: ${run}`, next);
  }
  const { session } = judged.facts;
  if (session.status === "running") {
    const next = `Wait until it is done (\`ouroboros watch ${run}\`, ouroboros_job_wait), or pause it`;
    return refuse("still_running", `${run} is still at work`, next, { session_id: session.session_id });
  }
  const origin = toOrigin(await readOrigin(store, session.session_id));
  const text = seed ?? (await findSeed(context, { seedHash: origin.seed_hash, seedId: session.seed_id }));
  if (text === undefined) {
    return refuse("needs_seed", `The seed of ${run} is not in this store`, "Pass its YAML as seed_content");
  }
  const cwd = origin.workspace_path ?? session.cwd;
  if (cwd === null) return refuse("no_folder", `${run} does not say where it worked`, "Pass working_dir");
  const executionId = session.execution_id ?? session.session_id;
  const known = {
    session_id: session.session_id,
    execution_id: executionId,
    makers: origin.runtime_backend === null ? [] : [{ name: origin.runtime_backend, model: null }],
  };
  const place = await readRunWorkspace(store, executionId);
  if (place === undefined || place.kind === "in_place" || place.tip === null) return workIn(context, cwd, text, known);
  const copy_of = place.kind === "copy" ? copyOf(place.repository) : null;
  const base = place.base === null ? undefined : { commit: place.base, copy_of };
  return workIn(context, cwd, text, { ...known, from: { commit: place.tip, copy_of }, base });
}

/** The run that a copy of a project was made for, by where it lies: `<home>/workspaces/<run>/project`. */
export function copyOf(repository: string | null): string | null {
  return /[\\/](exec_[0-9a-z]+)[\\/]project$/.exec(repository ?? "")?.[1] ?? null;
}

async function workIn(
  { store }: SessionContext,
  cwd: string,
  seedText: string,
  known: Partial<Pick<Subject, "session_id" | "execution_id" | "makers">> & Partial<Pick<Work, "from" | "base">>,
): Promise<Work | Refusal> {
  const document = fromYaml(seedText);
  if (isRefusal(document)) return document;
  const seed = toSeed(document);
  if (isRefusal(seed)) return seed;
  const { from, base, ...facts } = known;
  const criteria = seed.criteria.map(({ key, description }) => ({ key, description }));
  const seed_text = await putBlob(store, new TextEncoder().encode(seedText));
  const subject = {
    seed_id: seed.seed_id,
    seed_hash: seedHash(document),
    seed_text,
    commit: from?.commit ?? null,
    base: base?.commit ?? null,
    copy_of: from?.copy_of ?? null,
    session_id: null,
    execution_id: null,
    makers: [],
    ...facts,
    cwd,
    criteria,
  };
  return { seed, seedText, cwd, from, base, subject };
}

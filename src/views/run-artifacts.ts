import * as v from "valibot";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import { toOrigin } from "../domain/run/origin.ts";
import { CRITERION_VERIFIED } from "../domain/run/steps.ts";
import { findSeed } from "../sessions/resume/seed-lookup.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { getBlob } from "../store/blobs.ts";
import { eventsOfSteps, readOrigin } from "../store/session/run-records.ts";
import { type RunTree, runTree } from "./run-tree.ts";

/** One time that a criterion's work was checked, with where its output is kept. */
export interface CheckRecord {
  /** The criterion, from 1. */
  readonly index: number;
  readonly attempt: number | null;
  /** `work` alone, `merged` with what others had merged, `whole` with everything at the end. */
  readonly of: "work" | "merged" | "whole";
  readonly verdict: string;
  readonly reason: string | null;
  readonly command: string | null;
  readonly exit_code: number | null;
  readonly commit: string | null;
  readonly edited_checks: readonly string[];
  readonly output_hash: string | null;
  readonly at: string;
}

/** What a run has left: its branch, the seed it was given, and every check of its work. */
export interface RunArtifacts {
  readonly tree: RunTree;
  readonly seed: { readonly hash: string | null; readonly yaml: string | null };
  readonly checks: readonly CheckRecord[];
}

const Text = v.optional(v.fallback(v.nullable(v.string()), null), null);
const Count = v.optional(v.fallback(v.nullable(v.number()), null), null);
const Checked = v.object({
  ac_index: v.number(),
  attempt: Count,
  verdict: v.string(),
  reason: Text,
  command: Text,
  exit_code: Count,
  commit: Text,
  edited_checks: v.optional(v.fallback(v.array(v.string()), []), []),
  output_hash: Text,
  whole: v.optional(v.unknown()),
  merged: v.optional(v.unknown()),
});

/** Reads what a run has left behind, by its session's id or its execution's. */
export async function runArtifacts(context: SessionContext, id: string): Promise<RunArtifacts | Refusal> {
  const tree = await runTree(context, id);
  if (isRefusal(tree)) return tree;
  const { store } = context;
  const { session_id, execution_id, seed_id } = tree;
  const { seed_hash } = toOrigin(await readOrigin(store, session_id));
  const yaml = await findSeed(context, { seedHash: seed_hash, seedId: seed_id });
  const rows = await eventsOfSteps(store, execution_id ?? session_id, [CRITERION_VERIFIED]);
  const checks = rows.flatMap(({ payload, timestamp }): CheckRecord[] => {
    const checked = v.safeParse(Checked, payload);
    if (!checked.success) return [];
    const { ac_index, whole, merged, ...record } = checked.output;
    const of = whole === true ? "whole" : merged === true ? "merged" : "work";
    return [{ index: ac_index + 1, of, ...record, at: timestamp }];
  });
  return { tree, seed: { hash: seed_hash, yaml: yaml ?? null }, checks };
}

/** What a check printed; undefined where it was not kept. */
export async function outputOf({ store }: SessionContext, { output_hash }: CheckRecord): Promise<string | undefined> {
  const body = output_hash === null ? undefined : await getBlob(store, output_hash);
  return body && new TextDecoder().decode(body);
}

import { Database } from "bun:sqlite";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

/** Puts a copy of a store where a server looks for it in that home. */
export async function giveStore(sandbox: Sandbox, file: string): Promise<void> {
  const folder = join(sandbox.home, ".ouroboros");
  await mkdir(folder);
  await cp(file, join(folder, "ouroboros.db"));
}

/** The id of some session that a store of any size records as completed; closed again before a server opens it. */
export function completedSession(file: string): string {
  using store = new Database(file, { readonly: true });
  const row = store
    .query<{ aggregate_id: string }, []>(
      "SELECT aggregate_id FROM events WHERE event_type = 'orchestrator.session.completed' LIMIT 1",
    )
    .get();
  if (row === null) throw new Error(`Cannot use store "${file}": it holds no completed session`);
  return row.aggregate_id;
}

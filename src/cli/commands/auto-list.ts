import { isRefusal } from "../../base/refusal.ts";
import type { AutoState } from "../../domain/auto/auto-state.ts";
import { listAutos } from "../../store/autos.ts";
import { viewAuto } from "../../views/auto.ts";
import { readState } from "../../workflows/auto/read-state.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines, table } from "../render.ts";

export type AutoListFlags = SharedFlags & { readonly limit?: number | undefined };

/** `ouroboros auto list`: those that were begun, the newest first. */
export function autoList({ style }: Cli, flags: AutoListFlags): Promise<Answer> {
  return look(flags, async (context) => {
    const found = await listAutos(context.store, flags.limit ?? 20);
    const states: AutoState[] = [];
    for (const { auto_id } of found) {
      const state = await readState(context.store, auto_id);
      if (!isRefusal(state)) states.push(state);
    }
    const rows = table<AutoState>(
      style,
      [
        { heading: "AUTO", cell: ({ auto }) => auto.auto_id },
        { heading: "PHASE", cell: ({ phase }) => phase.replace("_", " ") },
        { heading: "BEGUN", cell: ({ auto }) => auto.started_at },
        { heading: "GOAL", cell: ({ auto }) => auto.goal, grows: true },
      ],
      states,
    );
    const text = states.length === 0 && style.forPeople ? lines(["None was begun yet."]) : rows;
    return { json: { autos: states.map(viewAuto) }, text };
  });
}

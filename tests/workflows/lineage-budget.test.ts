// What minds take for a lineage counts to what it may take, as what its agents take does.
import { expect, test } from "bun:test";
import { newId } from "../../src/base/ids.ts";
import { isRefusal } from "../../src/base/refusal.ts";
import { DEFAULT_EVOLUTION_SETTINGS } from "../../src/domain/evolution/evolution-settings.ts";
import { append } from "../../src/store/append.ts";
import { lineageScope } from "../../src/store/lineages.ts";
import { mindCallEvent } from "../../src/store/orders/mind-calls.ts";
import { advance } from "../../src/workflows/evolution/advance.ts";
import { startLineage } from "../../src/workflows/evolution/begin-lineage.ts";
import { givenStore } from "../support/given-store.ts";

const SEED = JSON.stringify({ goal: "A greeting", acceptance_criteria: ["It greets"] });

for (const [bound, usage, reason] of [
  ["money", { input_tokens: 1, output_tokens: 1, cost_usd: 6 }, "money_budget"],
  ["tokens", { input_tokens: 900, output_tokens: 200, cost_usd: null }, "token_budget"],
] as const) {
  test(`a lineage whose minds have taken all of its ${bound} is exhausted before anybody is asked again`, async () => {
    await using given = await givenStore();
    const { context, home } = given;
    const lineage = await startLineage(context, { seedText: SEED, execute: true, by: "test" });
    if (isRefusal(lineage)) throw new Error(lineage.message);
    const call = { mind: "thinker", model: null, role: "deep", kind: "evolution.wonder", usage, ms: 10 };
    const scope = lineageScope(lineage.lineage_id);
    await append(context.store, { kind: "any" }, [mindCallEvent(context.store, newId(), "returned", scope, call)]);
    const evolution = {
      settings: { ...DEFAULT_EVOLUTION_SETTINGS, ceiling: { hours: 1, tokens: 1_000, cost_usd: 5 } },
      cwd: home,
      by: "test",
      host: { host_session_id: null, project_dir: null },
      resumesPaused: true,
      caller: { hasHost: false, continuation: null },
      tell: async () => {},
    };
    const advanced = await advance(context, lineage.lineage_id, evolution, new AbortController().signal);
    if (isRefusal(advanced)) throw new Error(advanced.message);
    expect(advanced).toMatchObject({ status: "stepped", judgement: { action: "exhausted", reason } });
    expect(advanced.lineage).toMatchObject({ status: "exhausted", generations: [{ session_id: null }] });
  });
}

// Lineages over a real repository: real runs by programmers who do what they are told, and a mind that thinks in between.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "../crash/support/pool.ts";
import { SOLUTIONS } from "../fixtures/agents/programmers/solutions.ts";
import { kill } from "../support/agent-processes.ts";
import { LineageHome } from "../support/lineage-home.ts";
import { type CriterionText, criterion, gitIn, standingOf } from "../support/run-library.ts";

// Each waits for its place in the pool, and that counts.
setDefaultTimeout(300_000);
const ONE = [word(1)];
const TWO = [word(1), word(2)];

const pool = new Pool(3);
const lineage = (title: string, body: () => Promise<void>) => test.concurrent(title, () => pool.run(body));

describe.skipIf(process.platform !== "linux")("a lineage", () => {
  lineage(
    "whose first generation is perfect ends at once, on its branch, which it leaves to whoever moves it",
    async () => {
      using home = new LineageHome({ criteria: ONE });
      const { code, json, errors } = await home.evolve();
      expect([code, json], errors).toMatchObject([0, { status: "converged", stop_reason: "outcome_reached" }]);
      const id = String(json.lineage_id);
      expect(home.tip(id)).toBe(String(json.commit));
      expect([home.starts(), home.journal("wonder")]).toEqual([[1], []]);
      gitIn(home.project, "branch", "--force", `ooo/${id}`, "main");
      const again = await home.evolve(id);
      expect([again.code, again.json]).toMatchObject([0, { status: "converged", generations: [{ generation: 1 }] }]);
      expect(String(again.json.branch_note)).toContain("which is none of the lineage's work");
      expect(home.tip(id)).toBe(gitIn(home.project, "rev-parse", "main").trim());
    },
  );

  lineage(
    "goes on from the last one's work with a child of its seed; who agreed to the first need not again",
    async () => {
      using home = new LineageHome({ criteria: TWO, orders: { 2: ["lies", "works"] }, consent: "ask" });
      const before = standingOf(home.project);
      const asked = await home.evolve();
      expect([asked.code, asked.json]).toMatchObject([2, { error: { code: "needs_approval" } }]);
      const id = home.events("lineage.created")[0]?.stream ?? "";
      const first = await home.call("evolve", id, "--cwd", home.project, "--approve-checks");
      expect([first.code, first.json], first.errors).toMatchObject([
        0,
        { status: "active", generations: [{ score: 0.5 }] },
      ]);
      const kept = { verify_command: null, output_assertion: null, expected_artifacts: null, why: "unchanged" };
      const { description, verify_command = null } = word(3);
      const criteria = TWO.map(({ description, semantic_ac_key: key }) => ({ key, description, ...kept }));
      const third = { ...kept, key: null, description, verify_command, why: "Words want to be counted" };
      writeFileSync(join(home.desk, "reflect.json"), JSON.stringify({ criteria: [...criteria, third] }));
      const { code, json, errors } = await home.evolve(id);
      expect([code, json], errors).toMatchObject([0, { status: "converged", generations: [{ met: 1 }, { met: 3 }] }]);
      // What held is looked at, and not worked on again.
      expect(home.starts()).toEqual([1, 2, 2, 3]);
      const bases = home.events("execution.run.prepared").map(({ payload }) => payload.workspace as { base: string });
      expect(bases[1]?.base).toBe(String(first.json.commit));
      expect(home.tip(id)).toBe(String(json.commit));
      expect(standingOf(home.project)).toEqual(before);
      const [parent, child] = (await home.show(id)).generations.map(({ seed_id }) => seed_id);
      const { seeds } = (await home.call("seed", "list")).json as { seeds: object[] };
      expect(seeds).toContainEqual(expect.objectContaining({ seed_id: child, parent_seed_id: parent }));
      const delta = await home.call("lineage", "diff", id, "1", "2");
      expect(delta.json).toMatchObject({
        score: { from: 0.5, to: 1 },
        seed: { criteria: { added: [{ description }] } },
      });
    },
  );

  lineage(
    "works again on what holds no more; taken back it has its branch back, and nobody's files are touched",
    async () => {
      using home = new LineageHome({ criteria: TWO, orders: { 2: ["lies", "lies", "works"] } });
      const flag = join(home.desk, "flag");
      home.rewriteCheck(0, `test -f ${flag} && grep -q function src/slug.mjs`);
      writeFileSync(flag, "");
      const first = await home.evolve();
      expect(first.json).toMatchObject({ generations: [{ met: 1 }] });
      const id = String(first.json.lineage_id);
      rmSync(flag);
      expect((await home.evolve(id)).json).toMatchObject({ status: "active", next_generation: 3 });
      expect(home.starts()).toEqual([1, 2, 1, 2]);
      writeFileSync(flag, "");
      writeFileSync(join(home.project, "mine.txt"), "not under git\n");
      const before = standingOf(home.project);
      const rewound = await home.call("lineage", "rewind", id, "1");
      const said = { from_generation: 2, to_generation: 1, branch_note: null, generations: [{ generation: 1 }] };
      expect([rewound.code, rewound.json], rewound.errors).toMatchObject([0, said]);
      expect(home.tip(id)).toBe(String(first.json.commit));
      expect(standingOf(home.project)).toEqual(before);
      expect((await home.call("lineage", "rewind", id, "1")).json).toMatchObject({ error: { code: "bad_generation" } });
      const on = await home.evolve(id);
      expect([on.code, on.json], on.errors).toMatchObject([0, { status: "converged", rewinds: 1 }]);
      expect(home.starts()).toEqual([1, 2, 1, 2, 2]);
      // Under somebody's files it does not move.
      gitIn(home.project, "checkout", "--quiet", `ooo/${id}`);
      const held = await home.call("lineage", "rewind", id, "1");
      expect([held.code, held.json], held.errors).toMatchObject([0, { rewinds: 2 }]);
      expect(String(held.json.branch_note)).toContain("is checked out in");
      expect(home.tip(id)).toBe(String(on.json.commit));
    },
  );

  lineage("that stands still is given another mind, and goes on by that", async () => {
    using home = new LineageHome({ criteria: ONE, orders: { 1: ["lies", "lies", "lies", "works"] } });
    const { code, json, errors } = await home.ralph();
    expect([code, json], errors).toMatchObject([0, { status: "converged" }]);
    const turns = home.rows().filter(({ type }) => /stagnated|lateral/.test(type));
    expect(turns.map(({ type, payload }) => [type, payload.pattern])).toEqual([
      ["lineage.stagnated", "no_drift"],
      ["lineage.lateral.taken", "no_drift"],
    ]);
    const thinkers = home.journal("reflect").map((line) => line.split(" ")[1]);
    expect(thinkers).toEqual(["nobody", "nobody", "researcher"]);
  });

  lineage(
    "has one session that conducts it; at its limit it is exhausted and not done, and goes on with a higher one",
    async () => {
      using home = new LineageHome({ criteria: ONE, orders: { 1: ["lies", "works"] } });
      home.hold();
      const { session } = await home.startRalph("--generations", "1");
      const second = await home.call("ralph", "lin_test");
      expect([second.code, second.json], second.errors).toMatchObject([
        0,
        { outcome: "attached", session_id: session },
      ]);
      await home.until("a programmer is at work", () => home.starts().length > 0);
      const rewound = await home.call("lineage", "rewind", "lin_test", "1");
      expect(rewound.json).toMatchObject({ error: { code: "in_use" } });
      home.letGo();
      await home.quiet();
      expect(home.events("orchestrator.session.started")).toHaveLength(2);
      expect(await home.show()).toMatchObject({ status: "exhausted", stop_reason: "max_generations" });
      expect(home.end()?.stream).toBe(session);
      const again = await home.call("ralph", "lin_test", "--generations", "2", "--wait");
      const done = { status: "converged", session_status: "completed" };
      expect([again.code, again.json], again.errors).toMatchObject([0, done]);
      expect(home.starts()).toEqual([1, 1]);
    },
  );

  lineage("that has taken what it may stops in the middle of a run, and goes on there with more", async () => {
    using home = new LineageHome({ criteria: TWO });
    const { code, json, errors } = await home.ralph("--tokens", "500");
    expect([code, json], errors).toMatchObject([1, { status: "exhausted", stop_reason: "token_budget" }]);
    expect(home.starts()).toEqual([1]);
    const again = await home.call("ralph", "lin_test", "--tokens", "9000", "--wait");
    expect([again.code, again.json], again.errors).toMatchObject([0, { status: "converged" }]);
    expect(home.starts()).toEqual([1, 2]);
    const spent = home.rows().flatMap(({ payload }) => (payload.spent as { tokens: number } | undefined)?.tokens ?? []);
    expect(spent).toEqual([1000, 1000]);
  });

  lineage("whose session is cancelled has its run cancelled, and goes on when somebody wants it to", async () => {
    using home = new LineageHome({ criteria: ONE });
    home.hold();
    const { session } = await home.startRalph();
    await home.until("a programmer is at work", () => home.starts().length > 0);
    const cancelled = await home.call("cancel", session);
    expect(cancelled.code, cancelled.errors).toBe(0);
    await home.quiet();
    const { status, generations } = await home.show();
    expect(status).toBe("active");
    const sessions = home.events("orchestrator.session.cancelled").map(({ stream }) => stream);
    expect(sessions.sort()).toEqual([session, generations[0]?.session_id ?? ""].sort());
    home.letGo();
    const { code, json, errors } = await home.evolve("lin_test");
    expect([code, json], errors).toMatchObject([0, { status: "converged", generations: [{ generation: 1 }] }]);
  });

  lineage("that two begin and have go on at once takes each step once", async () => {
    using home = new LineageHome({ criteria: ONE });
    const both = await Promise.all([home.evolve("--lineage", "lin_test"), home.evolve("--lineage", "lin_test")]);
    for (const { code, json, errors } of both) expect([code, json], errors).toMatchObject([0, { status: "converged" }]);
    expect(home.phases()).toEqual(["1 executing", "1 executing", "1 evaluating", "1 completed"]);
    expect(home.starts()).toEqual([1]);
    expect(home.events("orchestrator.session.started")).toHaveLength(1);
  });

  lineage("on paper runs nothing, and is over when its specification stays as it is", async () => {
    using home = new LineageHome({ criteria: TWO });
    const first = await home.evolve("--paper", "--lineage", "lin_paper");
    expect([first.code, first.json], first.errors).toMatchObject([0, { status: "active", executes: false }]);
    const both = await Promise.all([home.evolve("lin_paper"), home.evolve("lin_paper")]);
    for (const { code, json, errors } of both) {
      expect([code, json], errors).toMatchObject([0, { status: "ontology_stable", branch: null }]);
    }
    const second = home.phases("lin_paper").filter((one) => one.startsWith("2 "));
    expect(second).toEqual(["2 wondering", "2 reflecting", "2 seeding", "2 completed"]);
    expect(home.events("orchestrator.session.started")).toEqual([]);
    const { lineages } = (await home.call("lineage", "list")).json as { lineages: object[] };
    expect(lineages).toMatchObject([{ lineage_id: "lin_paper", status: "ontology_stable" }]);
  });

  lineage(
    "killed in each phase, its session, its run's worker or both, is resumed and does nothing twice",
    async () => {
      using home = new LineageHome({ criteria: TWO, orders: { 2: ["lies", "works"] } });
      home.hold();
      let { session, worker } = await home.startRalph();
      const resume = async () => {
        await home.until("it is gone", () => !home.processes("worker").some(({ pid }) => pid === worker));
        const { code, json, errors } = await home.call("resume", session);
        expect([code, json.outcome], errors).toEqual([0, "resumed"]);
        worker = Number(json.worker_pid);
      };
      const runner = () => home.processes("worker").find(({ pid }) => pid !== worker)?.pid;
      // While it is carried out: both, then the conductor alone, then the run's worker alone, which the conductor takes up again.
      await home.until("a programmer is at work", () => home.starts().length > 0);
      kill(...home.processes("worker").map(({ pid }) => pid));
      await home.until("all is still", () => home.processes("worker").length === 0);
      await resume();
      await home.until("a programmer is at work again", () => home.starts().length > 1);
      kill(worker);
      await resume();
      kill(await home.until("its run is at work", runner));
      await home.until("a programmer is at work once more", () => home.starts().length > 2);
      for (const phase of ["wonder", "reflect", "judge"]) writeFileSync(join(home.desk, `hold-${phase}`), "");
      home.letGo();
      for (const phase of ["wonder", "reflect", "judge"]) {
        await home.until(`somebody is asked to ${phase}`, () => home.journal(phase).length > 0);
        kill(worker);
        rmSync(join(home.desk, `hold-${phase}`));
        await resume();
      }
      await home.until("it has ended", () => home.rows().some(({ type }) => type === "lineage.converged"));
      await home.quiet();
      const phases = home.phases().filter((one, index, all) => one !== all[index - 1]);
      expect(phases).toEqual([
        ...["1 executing", "1 evaluating", "1 completed"],
        ...["2 wondering", "2 reflecting", "2 seeding", "2 executing", "2 evaluating", "2 completed"],
      ]);
      expect(home.events("orchestrator.session.started")).toHaveLength(3);
      expect(home.of(1, "execution.criterion.merged")).toHaveLength(2);
      expect(home.of(2, "execution.criterion.merged")).toHaveLength(1);
      expect(home.end()?.stream).toBe(session);
      expect(home.tip()).toBe(String((await home.show()).generations[1]?.commit));
    },
  );
});

/** A word of the library, and a check of it that costs next to nothing. */
function word(number: number): CriterionText {
  const { name } = SOLUTIONS[number - 1] ?? {};
  return criterion(number, { verify_command: `grep -q function src/${name}.mjs`, depends_on: [] });
}

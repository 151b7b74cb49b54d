import { expect, test } from "bun:test";
import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ownIdentity } from "../../src/process/identity.ts";
import { resumeCard } from "../../src/views/resume-card.ts";
import { type CardLine, writeCard } from "../../src/views/resume-card-text.ts";
import { deadProcess, type GivenStore, givenStore } from "../support/given-store.ts";

const HOUR = 3600e6;
const PROJECT = "/projects/shop";
const NO_HOST = { cwd: PROJECT, hostSessionId: null };
/** What a card may cost a model: 300 tokens of four characters. */
const BUDGET = 300;

test("nothing to say of an empty store, of finished work, or of other projects: an empty card", async () => {
  await using given = await givenStore({ events: 200, sessions: 4, orphans: { stale: 1, paused: 1, failed: 1 } });
  expect(await resumeCard(given.context, NO_HOST)).toBe("");
  await begin(given, "orch_done", { ended: "completed", payload: {} });
  await begin(given, "orch_stopped", { ended: "cancelled", payload: { cancelled_by: "user" } });
  await begin(given, "orch_other", { cwd: "/projects/shop-two", ended: "paused" });
  await begin(given, "orch_home", { cwd: homedir(), ended: "paused" });
  await begin(given, "orch_root", { cwd: "/", ended: "paused" });
  expect(await resumeCard(given.context, NO_HOST)).toBe("");
  expect(await resumeCard(given.context, { cwd: join(homedir(), "shop"), hostSessionId: null })).toBe("");
});

test("says what ran, what stopped it, how much is done, and with which tool and command to go on", async () => {
  await using given = await givenStore();
  await begin(given, "orch_a", {
    goal: "Add retries",
    ended: "paused",
    payload: { reason: "Usage limit reached" },
    progress: { completed_count: 2, total_count: 5 },
  });
  const card = await resumeCard(given.context, NO_HOST);
  expect(card.split("\n")).toEqual([
    "Ouroboros: work in this project that is not over.",
    '- orch_a "Add retries" paused: Usage limit reached; 2 of 5 done; 2 h ago',
    'To go on or watch: tool ouroboros_resume_session {"session_id": ID}, or in a shell: ouroboros resume ID',
  ]);
});

test("running ones come first, with their time and what they have spent where that is on record, then the newest", async () => {
  await using given = await givenStore();
  await begin(given, "orch_failed", { ended: "failed", payload: { error: "2 of 3 steps failed" }, ago: 1 });
  await begin(given, "orch_swept", {
    ended: "cancelled",
    payload: { cancelled_by: "auto_cleanup", reason: "silent" },
    ago: 2,
  });
  await begin(given, "orch_live", {
    ago: 5,
    progress: { completed_count: 1, total_count: 3, estimated_tokens: 34_100, estimated_cost_usd: 0.806 },
  });
  await given.lease("orch_live", ownIdentity());
  const [, live, failed, swept] = (await resumeCard(given.context, NO_HOST)).split("\n");
  expect(live).toBe("- orch_live running; 1 of 3 done; for 6 h; about 34k tokens; about $0.81");
  expect(failed).toBe("- orch_failed failed: 2 of 3 steps failed; 60 min ago");
  expect(swept).toBe("- orch_swept cancelled: silent; 2 h ago");
});

test("an owner that died is interrupted work before any clean-up has said so", async () => {
  await using given = await givenStore();
  await begin(given, "orch_a", { ago: 3 });
  await given.lease("orch_a", deadProcess());
  expect(await resumeCard(given.context, NO_HOST)).toMatch(/^- orch_a interrupted: its owner is dead: .*; 3 h ago$/m);
});

test("work in the folder, inside it and around it belongs to it, by either name of the folder", async () => {
  await using given = await givenStore();
  const root = await realpath(await mkdtemp(join(tmpdir(), "ouroboros-card-")));
  try {
    await mkdir(join(root, "real/deep"), { recursive: true });
    await symlink(join(root, "real"), join(root, "link"));
    await begin(given, "orch_same", { cwd: join(root, "real"), ended: "paused" });
    await begin(given, "orch_inside", { cwd: join(root, "real/deep"), ended: "paused" });
    const named = async (cwd: string) =>
      [...(await resumeCard(given.context, { cwd, hostSessionId: null })).matchAll(/^- (\S+)/gm)]
        .map(([, id]) => id)
        .sort();
    expect(await named(join(root, "real"))).toEqual(["orch_inside", "orch_same"]);
    expect(await named(join(root, "link"))).toEqual(["orch_inside", "orch_same"]);
    expect(await named(join(root, "real/deep"))).toEqual(["orch_inside", "orch_same"]);
    expect(await named(join(root, "real/deeper"))).toEqual(["orch_same"]);
    expect(await named(root)).toEqual(["orch_inside", "orch_same"]);
    expect(await named(join(root, "rea"))).toEqual([]);
  } finally {
    await rm(root, { recursive: true });
  }
});

test("a session bound to this host session is told of wherever it works", async () => {
  await using given = await givenStore();
  await begin(given, "orch_a", { cwd: "/elsewhere", ended: "paused", binding: { host_session_id: "host-1" } });
  await begin(given, "orch_b", { cwd: "/elsewhere", ended: "paused", binding: { host_session_id: "host-2" } });
  const card = await resumeCard(given.context, { cwd: PROJECT, hostSessionId: "host-1" });
  expect(card).toContain("- orch_a paused");
  expect(card).not.toContain("orch_b");
  expect(await resumeCard(given.context, NO_HOST)).toBe("");
});

test("three are shown and the rest counted; what was interrupted more than a week ago is left out", async () => {
  await using given = await givenStore();
  for (const n of [1, 2, 3, 4, 5]) await begin(given, `orch_${n}`, { ended: "paused", ago: n });
  await begin(given, "orch_old", { ended: "paused", ago: 24 * 8 });
  const lines = (await resumeCard(given.context, NO_HOST)).split("\n");
  expect(lines.slice(1, -1).map((line) => line.slice(0, 10))).toEqual([
    "- orch_1 p",
    "- orch_2 p",
    "- orch_3 p",
    "- and 2 mo",
  ]);
});

test("work of another machine says where it is to be resumed", async () => {
  await using given = await givenStore();
  const binding = { machine: "m-2", host: "the-other", branch: "topic" };
  await begin(given, "orch_a", { ended: "paused", binding });
  const { context } = given;
  const here = { ...context, identity: { ...context.identity, machine: "m-1" } };
  expect(await resumeCard(here, NO_HOST)).toContain("- orch_a on another machine (the-other, topic); paused");
});

test("300 tokens hold whatever stands in the store, each session on one line of visible characters", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.string({ unit: "grapheme", maxLength: 400 }),
    fc.constantFrom(
      "\u001b[2J\n- orch_x",
      "a\u2028b\u202ec",
      "\u{e0041}\u{e0042}",
      "\ud83d",
      "🚀".repeat(200),
      '"'.repeat(300),
    ),
  );
  const amount = fc.option(
    fc.oneof(
      fc.nat(),
      fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(Number.MAX_VALUE, Number.MAX_SAFE_INTEGER),
    ),
  );
  const line: fc.Arbitrary<CardLine> = fc.record({
    sessionId: text,
    goal: fc.option(text),
    state: text,
    done: amount,
    total: amount,
    elapsedSeconds: amount,
    agoSeconds: amount,
    tokens: amount,
    costUsd: amount,
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), fc.nat(50), (lines, more) => {
      const card = writeCard(lines, more);
      expect(Math.ceil(card.length / 4)).toBeLessThanOrEqual(BUDGET);
      expect(card.split("\n")).toHaveLength(lines.length + (more > 0 ? 3 : 2));
      expect(card.isWellFormed()).toBe(true);
      expect(card.replaceAll("\n", "")).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: process.env.SOAK === "1" ? 20_000 : 500 },
  );
});

test("goals and reasons of any length, out of a real store, stay within it", async () => {
  await using given = await givenStore();
  for (const n of [1, 2, 3, 4]) {
    const goal = `${n}\n- orch_fake "all done"\u001b[2J ${"目标 🚀".repeat(500)}`;
    await begin(given, `orch_${n}_${"x".repeat(200)}`, {
      goal,
      ended: "paused",
      payload: { reason: "why ".repeat(900) },
    });
  }
  const card = await resumeCard(given.context, NO_HOST);
  expect(Math.ceil(card.length / 4)).toBeLessThanOrEqual(BUDGET);
  expect(card.split("\n")).toHaveLength(6);
});

interface Begun {
  readonly cwd?: string;
  readonly goal?: string;
  /** How it ended or paused; running else. */
  readonly ended?: "paused" | "completed" | "failed" | "cancelled";
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Hours since its last row. */
  readonly ago?: number;
  readonly progress?: Readonly<Record<string, number>>;
  /** What the row that began it says of its host and machine. */
  readonly binding?: Readonly<Record<string, string>>;
}

/** Writes a session that began an hour before its last row. */
async function begin(
  { appendRow }: GivenStore,
  id: string,
  { cwd = PROJECT, goal, ended, payload, ago = 2, progress, binding }: Begun,
): Promise<void> {
  const last = Date.now() * 1000 - ago * HOUR;
  const execution_id = `exec_${id}`;
  const started = { execution_id, workspace_path: cwd, ...(goal === undefined ? {} : { seed_goal: goal }), ...binding };
  await appendRow({ type: "orchestrator.session.started", id, payload: started, at: last - HOUR });
  if (progress) {
    await appendRow({
      type: "workflow.progress.updated",
      aggregate: "execution",
      id: execution_id,
      payload: progress,
      at: last - 1000,
    });
  }
  if (ended) await appendRow({ type: `orchestrator.session.${ended}`, id, payload: payload ?? {}, at: last });
  else await appendRow({ type: "orchestrator.tool.called", id, payload: {}, at: last });
}

import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { OrphanName } from "../../scripts/make-store/orphans.ts";
import { writeLock } from "../../scripts/make-store/write-lock.ts";
import type { ProcessIdentity } from "../../src/process/identity.ts";
import { MAX_ATTEMPTS, planResume, type ResumePlan } from "../../src/sessions/resume/resume-plan.ts";
import { judgeSession, type SessionContext } from "../../src/sessions/session-context.ts";
import { cancelRequest } from "../../src/store/session/leases.ts";
import { deadPid, deadProcess, type GivenStore, givenOrphan } from "../support/given-store.ts";

/** Machines are named here, so that the table means the same where the system does not name its own. */
const HERE = "machine-here";
const THERE = "machine-there";

interface Case {
  readonly seen: string;
  readonly kind: OrphanName;
  readonly lease?: { readonly owner: ProcessIdentity; readonly ttlSeconds: number | null; readonly times?: number };
  readonly before?: (given: GivenStore) => Promise<unknown> | unknown;
  readonly action: ResumePlan["action"];
  /** What it is when told to go on anyway; the same unless said. */
  readonly forced?: ResumePlan["action"];
  readonly why: string | RegExp;
  readonly retry?: [number, number];
}

const alive: ProcessIdentity = { ...deadProcess(), machine: HERE, pid: process.pid, start_ticks: null };
const dead: ProcessIdentity = { ...deadProcess(), machine: HERE };
/** A process of another container on this machine: nobody here can look at it. */
const hidden: ProcessIdentity = { ...dead, pid_namespace: "pid:[1]" };
const remote: ProcessIdentity = { ...dead, machine: THERE };

const CASES: readonly Case[] = [
  {
    seen: "a live lease",
    kind: "stale",
    lease: { owner: alive, ttlSeconds: 30 },
    action: "attach",
    why: "its owner holds a live lease",
  },
  {
    seen: "a live lease of another machine",
    kind: "stale",
    lease: { owner: remote, ttlSeconds: 30 },
    action: "elsewhere",
    why: "another machine works on it",
  },
  {
    seen: "a lock of a live Python process",
    kind: "stale",
    before: (given) => lock(given, process.pid),
    action: "attach",
    why: /^the Python program holds it/,
  },
  {
    seen: "a lock of a dead Python process",
    kind: "stale",
    before: (given) => lock(given, deadPid()),
    action: "claim",
    why: /its Python lock is dead/,
  },
  {
    seen: "a dead owner, its lease not even expired",
    kind: "young",
    lease: { owner: dead, ttlSeconds: 30 },
    action: "claim",
    why: /^its owner is dead/,
  },
  {
    seen: "an owner of another boot",
    kind: "young",
    lease: { owner: { ...alive, boot: "another" }, ttlSeconds: 30 },
    action: "claim",
    why: "its owner is dead: another boot",
  },
  {
    seen: "an owner that lives but has not renewed its lease",
    kind: "young",
    lease: { owner: alive, ttlSeconds: -1 },
    action: "claim",
    why: /^lease expired .* its process still exists/,
  },
  {
    seen: "an owner nobody can look at, its lease live",
    kind: "young",
    lease: { owner: hidden, ttlSeconds: 30 },
    action: "attach",
    why: "its owner holds a live lease",
  },
  {
    seen: "an owner nobody can look at, just expired",
    kind: "young",
    lease: { owner: hidden, ttlSeconds: -1 },
    action: "wait",
    why: /cannot be probed: another pid namespace/,
    retry: [1, 29],
  },
  {
    seen: "an owner nobody can look at, expired for longer than the grace",
    kind: "young",
    lease: { owner: hidden, ttlSeconds: -31 },
    action: "claim",
    why: /cannot be probed/,
  },
  {
    seen: "a checkout on another machine",
    kind: "stale",
    lease: { owner: remote, ttlSeconds: -3600 },
    action: "elsewhere",
    why: "its checkout lives on another machine",
  },
  {
    seen: "a live lease of another machine, whose end somebody has asked for",
    kind: "stale",
    lease: { owner: remote, ttlSeconds: 30 },
    before: async ({ context, only }) => {
      await context.store.database.write([cancelRequest(only.session_id, 1, "user", "enough")]);
    },
    action: "cancelling",
    why: "user has asked for its end",
  },
  {
    seen: "a checkout on another machine, by the rows of a run that was paused and only tidied up here",
    kind: "stale",
    before: async (given) => {
      await claimedOn(given, THERE);
      await given.sweepAll(here(given));
    },
    action: "elsewhere",
    why: "its checkout lives on another machine",
  },
  {
    seen: "hours of silence and no owner",
    kind: "stale",
    action: "claim",
    why: /^no owner, no Python lock, no activity/,
  },
  {
    seen: "recent activity and no owner",
    kind: "young",
    action: "wait",
    forced: "claim",
    why: /^last activity 5 min ago/,
  },
  {
    seen: "activity in a child's scope only",
    kind: "exec_active",
    action: "wait",
    forced: "claim",
    why: /within the threshold/,
  },
  {
    seen: "recent activity of an owner that let go",
    kind: "young",
    lease: { owner: dead, ttlSeconds: null },
    action: "claim",
    why: /^last activity/,
  },
  {
    seen: "no readable time at all",
    kind: "stale",
    before: ({ context, only }) =>
      context.store.database.write([
        {
          sql: "UPDATE events SET timestamp = 'yesterday' WHERE aggregate_id IN (?, ?) OR aggregate_id GLOB ?",
          args: [only.session_id, only.execution_id, `${only.execution_id}_*`],
        },
      ]),
    action: "wait",
    forced: "claim",
    why: "no time of its rows can be read",
    retry: [60, 60],
  },
  { seen: "paused", kind: "paused", action: "claim", why: "it is paused" },
  { seen: "paused for a usage limit", kind: "quota_paused", action: "claim", why: "it is paused" },
  { seen: "failed", kind: "failed", action: "reopen", why: "it is failed, and that can be taken back" },
  {
    seen: "cancelled by a clean-up",
    kind: "stale",
    before: (given) => given.sweepAll(),
    action: "reopen",
    why: "it is cancelled, and that can be taken back",
  },
  {
    seen: "cancelled by upstream's clean-up",
    kind: "stale",
    before: (given) => cancelledBy(given, "auto_cleanup"),
    action: "reopen",
    why: "it is cancelled, and that can be taken back",
  },
  {
    seen: "cancelled by a person",
    kind: "stale",
    before: (given) => cancelledBy(given, "user"),
    action: "ended",
    why: "it is cancelled",
  },
  { seen: "completed", kind: "completed_late", action: "ended", why: "it is completed" },
  {
    seen: "a person's request to cancel that outlived its owner",
    kind: "stale",
    lease: { owner: dead, ttlSeconds: 30 },
    before: async ({ context, only }) => {
      await context.store.database.write([cancelRequest(only.session_id, 1, "user", "enough")]);
    },
    action: "cancelling",
    why: "user has asked for its end",
  },
  {
    seen: "fewer deaths than the cap",
    kind: "stale",
    lease: { owner: dead, ttlSeconds: 30, times: MAX_ATTEMPTS - 1 },
    action: "claim",
    why: /^its owner is dead/,
  },
  {
    seen: "owner after owner dead without a step",
    kind: "stale",
    lease: { owner: dead, ttlSeconds: 30, times: MAX_ATTEMPTS },
    action: "needs_attention",
    forced: "claim",
    why: `${MAX_ATTEMPTS} owners in a row died before they finished a step`,
  },
  {
    seen: "the same, paused by a clean-up since",
    kind: "stale",
    lease: { owner: dead, ttlSeconds: 30, times: MAX_ATTEMPTS },
    before: (given) => given.sweepAll(here(given)),
    action: "needs_attention",
    forced: "claim",
    why: `${MAX_ATTEMPTS} owners in a row died before they finished a step`,
  },
  {
    seen: "owner after owner dead, the last one stopped in order",
    kind: "paused",
    lease: { owner: dead, ttlSeconds: null },
    action: "claim",
    why: "it is paused",
  },
];

for (const { seen, kind, lease, before, action, forced = action, why, retry } of CASES) {
  const words = forced === action ? action : `${action}, told to go on anyway ${forced}`;
  test(`resuming at ${seen}: ${words}`, async () => {
    await using given = await givenOrphan(kind);
    const id = given.only.session_id;
    if (lease) {
      for (let time = 0; time < (lease.times ?? 1); time++) {
        await given.lease(id, lease.owner, { ttlSeconds: lease.ttlSeconds });
      }
    }
    await before?.(given);
    const plan = await planOf(given, id, false);
    expect(plan.action).toBe(action);
    expect(plan.why).toMatch(why);
    if (retry) expect(plan.retryAfterSeconds).toBeWithin(retry[0], retry[1] + 1);
    expect((await planOf(given, id, true)).action).toBe(forced);
  });
}

test("resuming while its owner dies, after it was judged to be alive: claim", async () => {
  await using given = await givenOrphan("stale");
  const id = given.only.session_id;
  const child = spawn("sleep", ["60"]);
  await given.lease(id, { ...alive, pid: child.pid ?? 0 }, { ttlSeconds: 30 });
  const context = here(given);
  const judgement = await judgeSession(context, id);
  expect(judgement?.verdict.rule).toBe("lease_live");
  child.kill("SIGKILL");
  await once(child, "close");
  const plan = judgement && planResume(judgement, { self: context.identity, machine: HERE, force: false });
  expect(plan).toEqual({ action: "claim", why: "its owner has just died" });
});

async function planOf(given: GivenStore, id: string, force: boolean): Promise<ResumePlan> {
  const context = here(given);
  const judgement = await judgeSession(context, id);
  if (!judgement) throw new Error(`There is no session ${id}`);
  const [claim] = (await given.rows("session", id)).filter(({ payload }) => typeof payload.machine === "string");
  const machine = claim === undefined ? null : String(claim.payload.machine);
  return planResume(judgement, { self: context.identity, machine, force });
}

function here({ context }: GivenStore): SessionContext {
  return { ...context, identity: { ...context.identity, machine: HERE } };
}

function lock({ context, only }: GivenStore, pid: number): void {
  writeLock(context.home, only.session_id, String(pid));
}

function cancelledBy({ appendRow, only }: GivenStore, by: string): Promise<string> {
  const payload = { reason: "over", cancelled_by: by, cancelled_at: "2026-01-01T00:00:00+00:00" };
  return appendRow({ type: "orchestrator.session.cancelled", id: only.session_id, payload });
}

/** A run of ours that began on a machine and was let go of there, hours ago. */
async function claimedOn({ appendRow, only }: GivenStore, machine: string): Promise<void> {
  const payload = { epoch: 1, machine, host: "the-other", branch: "main" };
  await appendRow({
    type: "orchestrator.session.claimed",
    id: only.session_id,
    payload,
    at: (Date.now() - 3 * 3600e3) * 1000,
  });
}

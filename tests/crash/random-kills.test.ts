import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { kill, send } from "../support/agent-processes.ts";
import { holds, Witness } from "./support/crash.ts";
import { CrashHome, type Said } from "./support/crash-home.ts";
import { crashProgram } from "./support/crash-program.ts";

const IS_SOAK = process.env.SOAK === "1";
setDefaultTimeout(IS_SOAK ? 3_600_000 : 120_000);

const KILLS = IS_SOAK ? 500 : 30;
const KILLS_A_RUN = 2;
const AT_ONCE = 6;
/** Once more than the deaths of a run: a guard's costs a step, and its session is then resumed from its failure. */
const RESUMES = 5;
const TARGETS = ["worker", "guard", "both", "both", "caller", "everything"] as const;
type Target = (typeof TARGETS)[number];

describe.skipIf(process.platform !== "linux")("kills at random moments", () => {
  test(`${KILLS} of them lose nothing and do nothing twice`, async () => {
    const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 32));
    crashProgram();
    const spanMs = await lifeOfARun();
    process.stdout.write(`CRASH_SEED=${seed}, a run takes ${Math.round(spanMs)} ms\n`);
    const hits: string[] = [];
    let runs = 0;
    const lanes = Array.from({ length: AT_ONCE }, async () => {
      while (hits.length < KILLS) await oneRun(randomFrom(seed + runs++), spanMs, hits);
    });
    const ends = await Promise.allSettled(lanes);
    const deaths = Object.entries(Object.groupBy(hits, (hit) => hit)).map(([role, all]) => `${all?.length} ${role}`);
    process.stdout.write(`${runs} runs, killed: ${deaths.sort().join(", ")}\n`);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    expect(hits).toContain("worker");
    expect(hits).toContain("guard");
  });

  test("an agent whose worker and guard died together is ended before the next one begins", async () => {
    using home = new CrashHome();
    const { id, worker } = await home.heldRun();
    const guards = home.processes("guard").map(({ pid }) => pid);
    for (const pid of guards) send(pid, "SIGSTOP");
    kill(worker, ...guards);
    await home.until("only the agent is left", () => home.processes().every(({ role }) => role === "agent"));
    expect(home.processes()).not.toEqual([]);
    home.unmark("hold", 1);
    expect(await home.call("resume", id, "--wait", "--json")).toMatchObject({ code: 0, json: { status: "completed" } });
    await home.call("cleanup", "--json");
    await holds(home, { id, status: "completed", steps: 2 });
  });
});

/** How long an undisturbed run takes on this machine at this moment: the kills are spread over that. */
async function lifeOfARun(): Promise<number> {
  using home = givenHome();
  const began = performance.now();
  await home.call("run", home.seed, "--cwd", home.work, "--in-place", "--json");
  await home.until("the run ends", () => home.countOf("orchestrator.session.completed") === 1);
  return performance.now() - began;
}

/** A run, or what is left of one, is begun again and again and killed at any moment; at last it is left alone. */
async function oneRun(random: () => number, spanMs: number, hits: string[]): Promise<void> {
  using home = givenHome();
  const witnesses: Witness[] = [];
  for (let kills = 0; kills < KILLS_A_RUN; kills++) {
    // A worker whose caller was killed may still be about to begin; another run in its folder is another matter.
    await home.until("a killed run has begun or is gone", () => home.sessionIds().length > 0 || isQuiet(home));
    const { said } = begin(home);
    const target = TARGETS[Math.floor(random() * TARGETS.length)] ?? "worker";
    // No waiting for anything: a moment of its life as good as any other.
    await new Promise((resolve) => setTimeout(resolve, random() * spanMs * 1.2));
    hits.push(...killSome(home, target));
    witnesses.push(new Witness(home));
    await said;
  }
  await home.until("a killed run has begun or is gone", () => home.sessionIds().length > 0 || isQuiet(home));
  expect(await home.call("cleanup", "--json")).toMatchObject({
    code: home.sessionIds().length === 0 ? expect.any(Number) : 0,
  });
  const answers: Said[] = [];
  while (home.countOf("orchestrator.session.completed") === 0 && answers.length < RESUMES) {
    answers.push(await begin(home, "--wait").said);
  }
  if (home.countOf("orchestrator.session.completed") === 0) expect(answers).toEqual([]);
  expect(home.sessionIds()).toHaveLength(1);
  await holds(home, { id: home.sessionIds()[0] ?? "", status: "completed", steps: 2 });
  for (const witness of witnesses) witness.check();
}

function givenHome(): CrashHome {
  const home = new CrashHome({ leaseSeconds: 3 });
  // Long enough for an agent that nobody ends to meet the next one.
  home.mark("slow", 1);
  return home;
}

function isQuiet(home: CrashHome): boolean {
  return home.processes().length === 0;
}

/** Begins the run, or resumes it where there is one. */
function begin(home: CrashHome, ...flags: string[]): { said: Promise<Said> } {
  const id = home.sessionIds()[0];
  return home.start([
    ...(id === undefined ? ["run", home.seed, "--cwd", home.work, "--in-place"] : ["resume", id]),
    ...flags,
    "--json",
  ]);
}

/** Kills what it is told, as far as it is there at this moment; returns whom. */
function killSome(home: CrashHome, target: Target): string[] {
  const chosen = home.processes().filter(({ role }) => {
    if (role === "agent") return false;
    if (role === "worker") return target !== "guard" && target !== "caller";
    if (role === "guard") return target !== "worker" && target !== "caller";
    return target === "caller" || target === "everything";
  });
  kill(...chosen.map(({ pid }) => pid));
  return chosen.map(({ role }) => role);
}

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

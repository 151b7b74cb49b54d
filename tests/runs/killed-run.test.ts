// Whatever of a run is killed, and whenever: resumed, it ends as if nothing had happened, and nothing merged is done again.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "../crash/support/pool.ts";
import { SOLUTIONS } from "../fixtures/agents/programmers/solutions.ts";
import { kill, send } from "../support/agent-processes.ts";
import { RunHome, type RunSaid } from "../support/run-home.ts";
import { criterion, gitIn, makeRepository, wholeLibrary, writeLibrary } from "../support/run-library.ts";

const IS_SOAK = process.env.SOAK === "1";
setDefaultTimeout(IS_SOAK ? 3_600_000 : 180_000);

const KILLS = IS_SOAK ? 50 : 5;
const KILLS_A_RUN = 5;
/** Longer than a run takes on a quick machine: kills come at its beginning, in its middle and at its end. */
const SPAN_MS = 12_000;
/** Worker and guards die together as in a crash of the machine's session; the agent is then nobody's. */
const TARGETS = [["worker"], ["worker"], ["agent"], ["guard"], ["worker", "guard"]] as const;

const pool = new Pool(3);
const run = (title: string, body: () => Promise<void>) => test.concurrent(title, () => pool.run(body));

describe.skipIf(process.platform !== "linux")("a run", () => {
  for (let nth = 0; nth < KILLS / KILLS_A_RUN; nth++) {
    run(`of eight criteria killed ${KILLS_A_RUN} times is resumed to the same end, number ${nth + 1}`, async () => {
      const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 32)) + nth;
      using home = new RunHome({ criteria: wholeLibrary(), execution: { ac_retry_attempts: KILLS_A_RUN } });
      const { id } = await home.begin();
      const random = randomFrom(seed);
      const sights: Sight[] = [];
      const deaths: string[] = [];
      for (let n = 0; n < KILLS_A_RUN; n++) {
        // No waiting for anything: a moment of its life as good as any other.
        await new Promise((resolve) => setTimeout(resolve, (random() * SPAN_MS * 2) / KILLS_A_RUN));
        const targets: readonly string[] = TARGETS[Math.floor(random() * TARGETS.length)] ?? [];
        const victims = await home.until("there is one to be killed", () => {
          const found = home.processes().filter(({ role }) => targets.includes(role));
          return found.length > 0 || hasEnded(home) ? found : undefined;
        });
        kill(...victims.map(({ pid }) => pid));
        deaths.push(...victims.map(({ role }) => role));
        sights.push(sightOf(home));
        await resumed(home, id);
      }
      process.stdout.write(`CRASH_SEED=${seed}, killed: ${deaths.join(", ")}\n`);
      await ends(home, id);
      for (const sight of sights) check(home, sight);
      expectWholeLibrary(home);
    });
  }

  for (const when of ["publish:before", "publish:after"]) {
    run(`whose worker dies at ${when} merges what was checked, and nobody is asked for it again`, async () => {
      using home = new RunHome({ criteria: [criterion(1), criterion(2), criterion(3)], parallel: 1 });
      const { id } = await home.begin({ OUROBOROS_FAILPOINT: `${when}#2` });
      await home.until("its worker has died", () => home.processes().length === 0);
      expect(sightOf(home).merged).toEqual(when === "publish:after" ? [1, 2] : [1]);
      expect(home.events("execution.criterion.merged")).toHaveLength(1);
      expect(await home.call("resume", id, "--wait")).toMatchObject({ code: 0, json: { status: "completed" } });
      expect(home.starts()).toEqual([1, 2, 3]);
      expect(home.events("execution.session.completed")).toHaveLength(3);
    });
  }

  run("whose folder holds another repository by then is not gone on with there", async () => {
    using home = new RunHome({ criteria: [criterion(1), criterion(2)], parallel: 1 });
    const { id } = await home.begin({ OUROBOROS_FAILPOINT: "publish:after" });
    await home.until("its worker has died", () => home.processes().length === 0);
    rmSync(home.project, { recursive: true });
    mkdirSync(home.project);
    writeLibrary(home.project);
    writeFileSync(join(home.project, "other.txt"), "another project\n");
    makeRepository(home.project);
    const { code, json } = await home.call("resume", id, "--wait");
    expect([code, json]).toMatchObject([1, { reason: expect.stringContaining("is not in the repository") }]);
    expect(home.starts()).toEqual([1]);
    expect(gitIn(home.project, "for-each-ref", "refs/heads/ooo")).toBe("");
  });

  run("whose repository was cloned anew without its branch is not gone on with there", async () => {
    // Nothing but its agent's word says that it is done: no check would miss it.
    const { verify_command: _, ...unchecked } = criterion(1);
    using home = new RunHome({ criteria: [unchecked, criterion(2)], parallel: 1 });
    const { id } = await home.begin({ OUROBOROS_FAILPOINT: "publish:after#2" });
    await home.until("its worker has died", () => home.processes().length === 0);
    expect(home.events("execution.criterion.merged")).toHaveLength(1);
    const clone = `${home.project}-clone`;
    gitIn(home.project, "clone", "--quiet", "--single-branch", "--branch", "main", `file://${home.project}`, clone);
    rmSync(home.project, { recursive: true });
    renameSync(clone, home.project);
    const { code, json } = await home.call("resume", id, "--wait");
    expect([code, json]).toMatchObject([1, { reason: expect.stringContaining("is not in the repository") }]);
    expect(gitIn(home.project, "for-each-ref", "refs/heads/ooo")).toBe("");
  });

  for (const alsoFrozen of [false, true]) {
    const how = alsoFrozen ? "while their guard is frozen" : "while they write";
    run(`whose worker is killed ${how} is resumed when its programmers write no more`, async () => {
      using home = new RunHome({ criteria: [criterion(1)], orders: { 1: ["goes_on_writing", "works"] } });
      const { id, worker } = await home.begin();
      await home.until("it writes", () => home.journal("beat").length > 20);
      if (alsoFrozen) for (const { pid } of home.processes("guard")) send(pid, "SIGSTOP");
      kill(worker);
      expect(await home.call("resume", id, "--wait")).toMatchObject({ code: 0, json: { status: "completed" } });
      const [first = "", second = ""] = home.journal("begin").map((line) => line.split(" ")[2]);
      const later = home.journal().slice(home.journal().indexOf(`begin 1 ${second}`));
      expect(later.filter((line) => line.endsWith(` ${first}`))).toEqual([]);
      expect(later.length).toBeGreaterThan(1);
      await home.quiet();
    });
  }

  run("whose worker is killed over a conflict has it resolved anew, and no half of that is merged", async () => {
    const listed = (number: number) => criterion(number, { verify_command: `grep -q part${number} src/list.mjs` });
    using home = new RunHome({
      criteria: [listed(1), listed(2)],
      orders: { 1: ["adds_to_list"], 2: ["adds_to_list"] },
    });
    const { id, worker } = await home.begin();
    await home.until("both have done their part", () => home.journal("end").length === 2);
    home.hold();
    await home.until("somebody resolves the conflict", () => home.journal("resolve").length === 1);
    kill(worker);
    home.letGo();
    expect(await home.call("resume", id, "--wait")).toMatchObject({ code: 0, json: { status: "completed" } });
    expect(home.made("src/list.mjs")).toBe('export const list = ["part1", "part2"];\n');
    expect([home.journal("resolve").length, home.starts().sort()]).toEqual([2, [1, 2]]);
  });

  run("that two people resume at once is driven by one of them, and the other watches", async () => {
    using home = new RunHome({ criteria: [criterion(1), criterion(2)] });
    home.hold();
    const { id, worker } = await home.begin();
    await home.until("it is at work", () => home.starts().length === 2);
    kill(worker);
    const said = await Promise.all([home.call("resume", id), home.call("resume", id)]);
    expect(said.map(({ code }) => code)).toEqual([0, 0]);
    expect(said.map(({ json }) => json.outcome).sort()).toEqual(["attached", "resumed"]);
    home.letGo();
    await home.until("it has ended", () => hasEnded(home));
    expect(home.events("orchestrator.session.claimed")).toHaveLength(1);
    expect(home.events("execution.session.completed")).toHaveLength(2);
    expect(home.starts().sort()).toEqual([1, 1, 2, 2]);
  });
});

/** What was merged at one moment, and how far the programmers' journal went then. */
interface Sight {
  readonly merged: readonly number[];
  readonly journal: number;
}

function sightOf(home: RunHome): Sight {
  const { repository, branch } = home.branch() ?? {};
  const listed = repository ? gitIn(repository, "ls-tree", "-r", "--name-only", branch).split("\n") : [];
  const merged = SOLUTIONS.flatMap(({ file }, index) => (listed.includes(file) ? [index + 1] : []));
  return { merged, journal: home.journal().length };
}

/** Nothing that was merged then has been given to a programmer since. */
function check(home: RunHome, { merged, journal }: Sight): void {
  const later = home.journal().slice(journal);
  expect(later.filter((line) => merged.some((number) => line.startsWith(`begin ${number} `)))).toEqual([]);
}

/** Resumes the run, as a person does who finds it dead; one of whom too many owners have died, they look at first. */
async function resumed(home: RunHome, id: string, ...flags: readonly string[]): Promise<RunSaid> {
  const said = await home.call("resume", id, ...flags);
  const hasLookedAt = said.code === 2 && JSON.stringify(said.json).includes("needs_attention");
  return hasLookedAt ? home.call("resume", id, "--force", ...flags) : said;
}

function hasEnded(home: RunHome): boolean {
  return home.end()?.type === "orchestrator.session.completed";
}

async function ends(home: RunHome, id: string): Promise<void> {
  const said = await resumed(home, id, "--wait");
  if (!hasEnded(home)) {
    expect(said).toMatchObject({ code: 0, json: { status: "completed" } });
  }
  await home.quiet();
}

function expectWholeLibrary(home: RunHome): void {
  const { repository, base, branch } = home.branch();
  const made = gitIn(repository, "diff", "--name-status", base, branch).split("\n").filter(Boolean);
  expect(made).toEqual(SOLUTIONS.map(({ file }) => `A\t${file}`).sort());
  for (const { file, text } of SOLUTIONS) expect(home.made(file)).toBe(text);
  const done = home.events("execution.session.completed").map(({ stream }) => stream);
  expect([done.length, new Set(done).size]).toEqual([8, 8]);
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

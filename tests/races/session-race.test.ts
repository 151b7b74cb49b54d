// Real processes that race for one session after the other: whatever they do to it at once, there is one outcome, and each was
// told the truth about it.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readLease } from "../../src/store/session/leases.ts";
import { loadSession } from "../../src/store/session/sessions.ts";
import type { Store } from "../../src/store/store.ts";
import { libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { filePlace, type Place, serverPlace } from "../support/store-contract/place.ts";
import { allEvents, answerOf, foldFromZero } from "../support/store-contract/rows.ts";
import { faultsOf } from "./support/race-faults.ts";
import type { Told } from "./support/race-parts.ts";
import { EARLIER_PERSON, planRaces, type Race, randomNumbers } from "./support/race-plan.ts";

const PROGRAM = join(import.meta.dirname, "../fixtures/races/racer.ts");
const RACERS = 6;
const isSoak = process.env.SOAK === "1";
const SEED = Number(process.env.RACE_SEED ?? (isSoak ? Date.now() % 2 ** 31 : 7));
setDefaultTimeout(isSoak ? 1_800_000 : 120_000);

describe(`${RACERS} processes that claim, sweep, cancel and undo one session at once (RACE_SEED=${SEED})`, () => {
  test("leave one outcome and are told the truth, on a file", async () => {
    await using place = await filePlace();
    await raceOn(place, isSoak ? 5_000 : 150);
  });

  test.skipIf(!libsqlServerAvailable())("leave one outcome and are told the truth, on a libSQL server", async () => {
    await using server = await startLibsqlServer();
    await using place = await serverPlace(server.url);
    await raceOn(place, isSoak ? 2_000 : 50);
  });
});

async function raceOn(place: Place, count: number): Promise<void> {
  await using store = await place.open();
  const races = await planRaces(store, { races: count, racers: RACERS, random: randomNumbers(SEED) });
  const setUp = (await allEvents(store)).length;
  const told = await runRaces(place, races);
  const faults = await faultsIn(store, races, { told, setUp });
  expect(faults).toEqual([]);
  const outcomes = told.flat().map(({ role, outcome }) => `${role}: ${outcome}`);
  // Otherwise nobody was in anybody's way, and nothing was tried.
  for (const one of ["claim: claimed", "claim: attached", "sweep: cancelled", "sweep: paused", "sweep: moved_on"])
    expect(outcomes).toContain(one);
  for (const one of ["cancel: cancelled", "cancel: already_ended", "undo: restored", "undo: left"])
    expect(outcomes).toContain(one);
}

/** Runs the races one after the other, all racers of each at once; resolves with what each was told. */
async function runRaces(place: Place, races: readonly Race[]): Promise<Told[][]> {
  const home = await mkdtemp(join(tmpdir(), "ouroboros-racers-"));
  const racers = Array.from({ length: RACERS }, () => startRacer(place, home));
  try {
    for (const { next } of racers) expect(await next()).toBe("ready");
    const told: Told[][] = [];
    for (const { parts } of races) {
      racers.forEach(({ child }, n) => void child.stdin.write(`${JSON.stringify(parts[n])}\n`));
      told.push(await Promise.all(racers.map(async ({ next }) => JSON.parse(await next()) as Told)));
    }
    return told;
  } finally {
    for (const { child } of racers) child.kill("SIGKILL");
    for (const { exited } of racers) await exited;
    await rm(home, { recursive: true, force: true });
  }
}

function startRacer({ target }: Place, home: string) {
  const child = spawn(process.execPath, ["--no-env-file", PROGRAM, JSON.stringify(target), home], {
    stdio: ["pipe", "pipe", "inherit"],
    cwd: home,
  });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value ?? "it has ended";
  return { child, exited, next };
}

async function faultsIn(
  store: Store,
  races: readonly Race[],
  { told, setUp }: { told: readonly Told[][]; setUp: number },
): Promise<string[]> {
  const events = await allEvents(store);
  const since = Map.groupBy(events.slice(setUp), ({ aggregate_id }) => aggregate_id);
  const folds = await foldFromZero(store);
  const faults: string[] = [];
  for (const [n, { sessionId, state, parts }] of races.entries()) {
    const session = (await loadSession(store, sessionId))?.session;
    if (!session) throw new Error(`There is no session ${sessionId}`);
    const { lease } = await readLease(store, sessionId);
    expect<unknown>(answerOf(session)).toEqual(folds.get(sessionId));
    const found = faultsOf({
      told: told[n] ?? [],
      rows: since.get(sessionId) ?? [],
      executionRows: ["", "_ac_0"].flatMap((step) => since.get(`${session.execution_id}${step}`) ?? []),
      session,
      askedBy: state === "owner died when asked to stop" ? EARLIER_PERSON : undefined,
      lease,
    });
    const roles = parts.map(({ role }, at) => `${role}=${told[n]?.[at]?.outcome}`).join(" ");
    faults.push(...found.map((fault) => `${sessionId} (${state}; ${roles}): ${fault}`));
  }
  return faults;
}

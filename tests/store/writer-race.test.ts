// Several processes writing through our own store at once: what each is told is true, to the last event.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { filePlace } from "../support/store-contract/place.ts";
import { rowsOf } from "../support/store-contract/rows.ts";

const program = fileURLToPath(new URL("../fixtures/store/count-up.ts", import.meta.url));
const WRITERS = 6;
const rounds = process.env.SOAK === "1" ? 300 : 50;

let place: Awaited<ReturnType<typeof filePlace>>;
let children: { readonly child: ChildProcess; readonly exited: Promise<unknown> }[] = [];
beforeEach(async () => {
  place = await filePlace();
});
afterEach(async () => {
  for (const { child, exited } of children) {
    child.kill("SIGKILL"); // does nothing to one that has ended
    await exited;
  }
  children = [];
  await place[Symbol.asyncDispose]();
});

test(
  `${WRITERS} processes that create one store and append ${rounds} times each leave every number once, without a gap`,
  async () => {
    const racers = Array.from({ length: WRITERS }, startRacer);
    for (const { ready } of racers) await ready;
    for (const { child } of racers) child.stdin?.write("go\n");
    const conflicts = await Promise.all(racers.map(({ finished }) => finished));
    // Otherwise they ran one after the other, and nothing was tried.
    expect(conflicts.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
    await using store = await place.open();
    const numbers = (await rowsOf(store, "SELECT payload ->> '$.n' AS n FROM events ORDER BY rowid")).map(({ n }) => n);
    expect(numbers).toEqual(Array.from({ length: WRITERS * rounds }, (_, at) => at + 1));
  },
  process.env.SOAK === "1" ? 300_000 : 60_000,
);

function startRacer() {
  const child = spawn(process.execPath, [program, place.path, String(rounds)], { stdio: ["pipe", "pipe", "inherit"] });
  children.push({ child, exited: once(child, "exit") });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = lines.next().then(({ value }) => expect(value).toBe("ready"));
  const finished = ready.then(() => lines.next()).then(({ value }) => Number(JSON.parse(value ?? "{}").conflicts));
  return { child, ready, finished };
}

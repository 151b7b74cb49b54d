// What checks and evidence rules alone make of small project states: right on all that they can decide, and never falsely green.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { MUTANTS, STATES } from "../fixtures/states/all-states.ts";
import type { State } from "../fixtures/states/state.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import { evaluateByChecks, layOut } from "./support/evaluate-state.ts";

setDefaultTimeout(300_000);
const AT_ONCE = 4;
const BIN = join(import.meta.dirname, "../../node_modules/.bin");

interface Told {
  readonly state: State;
  readonly verdict: string;
  readonly reasons: readonly string[];
}

const told: Told[] = [];
let given: GivenStore;
const path = process.env.PATH;

beforeAll(async () => {
  given = await givenStore();
  const context: SessionContext = { ...given.context, consent: "always" };
  process.env.PATH = await withRuntimes(given.home);
  const left = STATES.map((state, index) => ({ state, folder: join(given.home, "states", String(index)) }));
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { state, folder } = next;
      const { completed } = await evaluateByChecks(context, await layOut(context, state, folder));
      told.push({ state, verdict: completed?.verdict ?? "none", reasons: completed?.reasons ?? [] });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  process.stdout.write(`${table()}\n`);
});

afterAll(async () => {
  process.env.PATH = path;
  await given?.[Symbol.asyncDispose]();
});

test("there are at least 40 states, and at least half of the bad ones are good ones gone wrong", () => {
  const bad = STATES.filter(({ expected }) => expected !== "approved");
  expect(STATES.length).toBeGreaterThanOrEqual(40);
  expect(MUTANTS.length * 2).toBeGreaterThanOrEqual(bad.length);
  expect(new Set(STATES.map(({ name }) => name)).size).toBe(STATES.length);
});

test("none that is not good is approved", () => {
  const falseGreen = told.filter(({ state, verdict }) => verdict === "approved" && state.expected !== "approved");
  expect(falseGreen.map(({ state }) => state.name)).toEqual([]);
});

test("each is decided as it has to be", () => {
  const wrong = told.filter(({ state, verdict }) => verdict !== state.expected);
  expect(wrong.map(({ state, verdict, reasons }) => ({ ...naming(state), verdict, reasons }))).toEqual([]);
  expect(told.length).toBe(STATES.length);
});

function naming({ name, expected }: State) {
  return { name, expected };
}

/** How many of each label came to each verdict. */
function table(): string {
  const verdicts = ["approved", "rejected", "unverified"];
  const labels = [...new Set(STATES.map(({ label }) => label))];
  const row = (cells: readonly (string | number)[]) =>
    cells.map((cell, at) => String(cell)[at === 0 ? "padEnd" : "padStart"](14)).join("");
  const count = (label: string, verdict: string) =>
    told.filter(({ state, verdict: one }) => state.label === label && one === verdict).length;
  return [
    row(["state", ...verdicts]),
    ...labels.map((label) => row([label, ...verdicts.map((one) => count(label, one))])),
  ].join("\n");
}

/** The search path, and on it Bun and Deno as they came with this project's packages. */
async function withRuntimes(home: string): Promise<string> {
  const bin = join(home, "bin");
  await mkdir(bin);
  for (const name of ["bun", "deno"]) {
    await writeFile(join(bin, name), `#!/bin/sh\nexec "${join(BIN, name)}" "$@"\n`);
    await chmod(join(bin, name), 0o755);
  }
  return [bin, process.env.PATH ?? ""].join(delimiter);
}

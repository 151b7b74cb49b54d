// What a linter calls wrong in a seed that nobody has looked at: mended once as it proposes, or named.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { isRefusal } from "../../src/base/refusal.ts";
import { parseSeed } from "../../src/domain/seed/seed.ts";
import { readSeed } from "../../src/store/seeds.ts";
import { mendSeed } from "../../src/workflows/auto/mend-seed.ts";
import { importSeed } from "../../src/workflows/seed/import-seed.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";

let given: GivenStore;
beforeAll(async () => {
  given = await givenStore();
});
afterAll(async () => {
  await given[Symbol.asyncDispose]();
});

const KEYS = ["ac_0000000000000001", "ac_0000000000000002"] as const;

async function mended(second: Record<string, unknown>) {
  const criterion = (key: string, more: object) => {
    return { description: `It holds, ${key}`, semantic_ac_key: key, verify_command: "node check.mjs", ...more };
  };
  const seed = {
    goal: "Two things",
    acceptance_criteria: [criterion(KEYS[0], {}), criterion(KEYS[1], second)],
    metadata: { seed_id: `seed_${JSON.stringify(second).length}` },
  };
  const imported = await importSeed(given.context, { text: JSON.stringify(seed), by: "test" });
  if (isRefusal(imported)) throw new Error(imported.message);
  const seedId = imported.record.seed_id;
  const done = await mendSeed(given.context, { seedId, yaml: imported.yaml });
  if (isRefusal(done)) throw new Error(done.message);
  const child = parseSeed((await readSeed(given.context.store, done.seed_id))?.yaml ?? "");
  if (isRefusal(child)) throw new Error(child.message);
  return { seedId, done, child };
}

test("a criterion that waits for one that is not there does not any more, in a child that says so", async () => {
  const { seedId, done, child } = await mended({ depends_on: [KEYS[0], "ac_00000000000000ff"] });
  expect(done.seed_id).not.toBe(seedId);
  expect(done.errors).toEqual([]);
  expect(done.repaired).toEqual([expect.stringContaining("acceptance_criteria.1.depends_on: No criterion")]);
  expect(child.criteria[1]?.depends_on).toEqual([KEYS[0]]);
  expect(child.metadata.parent_seed_id).toBe(seedId);
  // Done again, it is the same child.
  const parent = await readSeed(given.context.store, seedId);
  expect(await mendSeed(given.context, { seedId, yaml: parent?.yaml ?? "" })).toMatchObject({ seed_id: done.seed_id });
});

test("what nobody can mend is named, and the seed stays as it is", async () => {
  const { seedId, done } = await mended({ verify_command: "sudo rm -rf /" });
  expect(done.seed_id).toBe(seedId);
  expect(done.repaired).toEqual([]);
  expect(done.errors.map(({ where }) => where)).toContain("acceptance_criteria.1.verify_command");
});

test("a seed with nothing but warnings is taken as it is", async () => {
  const { seedId, done } = await mended({ verify_command: "true" });
  expect(done).toEqual({ seed_id: seedId, repaired: [], errors: [] });
});

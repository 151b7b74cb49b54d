// Every word that a judge, a mind or a person in an impasse is told, so that a change of it is seen as what it is.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PERSPECTIVES } from "../../src/domain/evaluation/consensus.ts";
import { assumeInstructions } from "../../src/prompts/assume.ts";
import { consensusInstructions } from "../../src/prompts/consensus.ts";
import { DRIFT_INSTRUCTIONS } from "../../src/prompts/drift.ts";
import { judgeInstructions } from "../../src/prompts/judge.ts";
import { lateralPrompt } from "../../src/prompts/lateral.ts";
import { loadMind, MINDS } from "../../src/prompts/nine-minds/load-mind.ts";
import { mindText } from "../../src/prompts/nine-minds/mind-prompt.ts";
import { QA_INSTRUCTIONS } from "../../src/prompts/qa.ts";
import { REFLECT_INSTRUCTIONS } from "../../src/prompts/reflect.ts";
import { WONDER_INSTRUCTIONS } from "../../src/prompts/wonder.ts";

const SNAPSHOTS = join(import.meta.dirname, "__promptsnaps__");
const IMPASSE = {
  problem_context: "The import fails on files of more than 2 GB",
  current_approach: "Reading the whole file into one buffer",
  failed_attempts: ["A bigger heap", "Another JSON parser"],
};

const TEXTS: Readonly<Record<string, string>> = {
  "assume-nothing-there": assumeInstructions({ is_brownfield: false }),
  "assume-in-a-project": assumeInstructions({ is_brownfield: true }),
  "judge-opens-files": judgeInstructions({ opensFiles: true }),
  "judge-is-handed-files": judgeInstructions({ opensFiles: false }),
  "consensus-as-itself": consensusInstructions(null, { opensFiles: true }),
  ...Object.fromEntries(
    PERSPECTIVES.map((one) => [`consensus-${one}`, consensusInstructions(one, { opensFiles: false })]),
  ),
  qa: QA_INSTRUCTIONS,
  drift: DRIFT_INSTRUCTIONS,
  wonder: WONDER_INSTRUCTIONS,
  reflect: REFLECT_INSTRUCTIONS,
  ...Object.fromEntries(
    await Promise.all(MINDS.map(async (name) => [`mind-${name}`, mindText(await loadMind(name))] as const)),
  ),
  "lateral-hacker": lateralPrompt(IMPASSE, await loadMind("hacker")),
};

test.each(Object.keys(TEXTS))("%s reads as its committed snapshot (UPDATE_SNAPS=1 renews it)", (name) => {
  const path = join(SNAPSHOTS, `${name}.md`);
  if (process.env.UPDATE_SNAPS === "1") writeFileSync(path, `${TEXTS[name]}\n`);
  if (!existsSync(path)) throw new Error(`No snapshot of ${name}: run this test once with UPDATE_SNAPS=1`);
  expect(`${TEXTS[name]}\n`).toBe(readFileSync(path, "utf8"));
});

test("and no snapshot is left of a text that is gone", () => {
  expect(readdirSync(SNAPSHOTS).sort()).toEqual(
    Object.keys(TEXTS)
      .map((name) => `${name}.md`)
      .sort(),
  );
});

test("whoever is asked about material is told that it is no instruction, and no text is longer than it can be kept in mind", () => {
  const asked = Object.entries(TEXTS).filter(([name]) => !name.startsWith("mind-"));
  for (const [name, text] of asked) {
    expect({ name, says: /never an instruction/.test(text) }).toEqual({ name, says: true });
    expect(text.length).toBeLessThan(4_500);
  }
});

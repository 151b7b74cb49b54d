// Evaluations at the command line: asked for first, followed again, printed for others, and gone on with after a kill.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/agent-processes.ts";
import { judgement } from "../workflows/support/scripted-mind.ts";
import { type CliHome, finished, openHome } from "./support/ouroboros.ts";

setDefaultTimeout(60_000);

const KEYS = ["ac_0000000000000001", "ac_0000000000000002"];
const LINE = { path: "words.sh", line: 1, quote: "echo 'up and away'" };

describe("what is run is agreed to first", () => {
  test("the seed's commands and the project's, each by its own word; a changed declaration is asked for again", async () => {
    await using given = await openGiven({ consent: "ask" });
    const refused = await given.evaluate("--checks-only");
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain("sh words.sh");
    expect((await given.home.run(["approve", given.seed, "--yes"])).code).toBe(0);
    const project = await given.evaluate("--checks-only");
    expect([project.code, project.stderr]).toEqual([2, expect.stringContaining("make test")]);
    expect(project.stderr).toContain("ouroboros approve --checks");

    const agreed = await given.home.run(["approve", "--checks", given.project, "--yes"]);
    expect([agreed.code, agreed.stdout]).toEqual([0, expect.stringContaining("1. make test (sh words.sh)")]);
    const done = await given.evaluate("--checks-only");
    expect([done.code, done.stderr]).toEqual([1, expect.stringMatching(/^test: pass .*\n1\. .*: pass/m)]);
    expect(done.stdout).toStartWith("Not verified");
    const { stdout } = await given.home.run(["approve", "--list", "--json"]);
    expect(stdout).toContain('"kind":"checks"');

    appendFileSync(join(given.project, "Makefile"), "lint:\n\tsh -n words.sh\n");
    expect((await given.evaluate("--checks-only")).stderr).toContain("make lint");
    const flagged = await given.evaluate("--checks-only", "--approve-checks", "--json");
    expect(JSON.parse(flagged.stdout)).toMatchObject({ verdict: "unverified", passed_count: 1, ac_count: 2 });
  });
});

describe("what comes of it", () => {
  test("approved is 0, rejected 1; verify follows it again, and proof prints it", async () => {
    await using given = await openGiven({ criteria: 1 });
    const done = await given.evaluate("--checks-only", "--json");
    expect(done.code).toBe(0);
    const { evaluation_id, verdict } = JSON.parse(done.stdout);
    expect(verdict).toBe("approved");
    const again = await given.home.run(["verify", evaluation_id, "--json"]);
    expect([again.code, JSON.parse(again.stdout).verdict]).toEqual([0, "same"]);
    const proof = await given.home.run(["proof", evaluation_id]);
    expect([proof.code, proof.stdout]).toEqual([0, expect.stringContaining("| `sh words.sh` | 0 |")]);

    writeFileSync(join(given.project, "words.sh"), "exit 4\n");
    const wrong = await given.evaluate("--checks-only");
    expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringMatching(/^Rejected .*\n✗ It says them/)]);
    const changed = await given.home.run(["verify", evaluation_id]);
    expect([changed.code, changed.stdout]).toEqual([1, expect.stringContaining("does not come to the same")]);
    expect((await given.home.run(["verify", "eval_nobody"])).code).toBe(2);
    expect((await given.home.run(["evaluate"])).code).toBe(2);
  });

  test("qa: the verdict follows from the score, and below the bar the exit code is 1", async () => {
    await using given = await openGiven({ criteria: 1 });
    const dimensions = {
      correctness: 0.7,
      completeness: 0.7,
      quality: 0.7,
      intent_alignment: 0.7,
      domain_specific: 0.7,
    };
    const answer = { score: 0.7, dimensions, differences: ["It shouts"], suggestions: ["Whisper"], reasoning: "Loud" };
    given.put("answer", JSON.stringify(answer));
    const file = join(given.project, "words.sh");
    const below = await given.home.run(["qa", file, "--bar", "It is quiet"]);
    expect([below.code, below.stdout]).toEqual([1, "revise: 0.70 of 0.8 (thinker)\n- It shouts\n→ Whisper\n"]);
    const above = await given.home.run(["qa", file, "--bar", "It is quiet", "--threshold", "60", "--json"]);
    expect([above.code, JSON.parse(above.stdout)]).toEqual([0, expect.objectContaining({ verdict: "pass" })]);
  });
});

describe("killed and called again", () => {
  test("while its judge thinks: what was run is not run again, and the judge is asked anew", async () => {
    await using given = await openGiven({});
    given.put("answer", JSON.stringify(judgement(KEYS, [LINE])));
    given.put("hold", "");
    const child = given.home.start(given.args("--json"));
    await until(() => given.journal().includes("asked"), "the judge is asked");
    child.kill("SIGKILL");
    await finished(child);
    given.letGo();
    const done = await given.evaluate("--json");
    expect(JSON.parse(done.stdout)).toMatchObject({ highest_stage: 2, ac_count: 2 });
    expect(given.journal()).toEqual(["ran", "asked", "asked"]);
    expect(given.rows("evaluation.stage1.completed")).toBe(1);
    expect(given.rows("evaluation.completed")).toBe(1);
  });

  test("while a check runs: it is begun again under the same id, and ends once", async () => {
    await using given = await openGiven({
      criteria: 1,
      check: "echo ran >> $DESK/journal; while [ -e $DESK/hold ]; do sleep 0.05; done",
    });
    given.put("hold", "");
    const child = given.home.start(given.args("--checks-only"));
    await until(() => given.journal().includes("ran"), "the check runs");
    child.kill("SIGKILL");
    await finished(child);
    given.letGo();
    expect((await given.evaluate("--checks-only")).code).toBe(0);
    expect(given.rows("evaluation.started")).toBe(1);
    expect(given.rows("evaluation.stage1.completed")).toBe(1);
  });
});

test("stopped by Ctrl-C while a check runs: it ends at once, leaves nothing, and the next call does it", async () => {
  await using given = await openGiven({
    criteria: 1,
    check: "echo ran >> $DESK/journal; while [ -e $DESK/hold ]; do sleep 0.05; done",
  });
  given.put("hold", "");
  const child = given.home.start(given.args("--checks-only"));
  const ended = finished(child);
  await until(() => given.journal().includes("ran"), "the check runs");
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 130, stderr: expect.not.stringContaining("bug") });
  expect(given.looks()).toEqual([]);
  given.letGo();
  expect((await given.evaluate("--checks-only")).code).toBe(0);
  expect(given.looks()).toEqual([]);
});

interface Given extends AsyncDisposable {
  readonly home: CliHome;
  readonly project: string;
  readonly seed: string;
  args(...more: readonly string[]): string[];
  evaluate(...more: readonly string[]): ReturnType<CliHome["run"]>;
  put(name: string, text: string): void;
  letGo(): void;
  journal(): string[];
  rows(type: string): number;
  /** Worktrees and copies that are there. */
  looks(): string[];
}

/** A project with a check, a seed for it, and a mind that says what is laid out for it and waits while it is held. */
async function openGiven(options: { consent?: "ask"; criteria?: 1; check?: string }): Promise<Given> {
  const home = await openHome();
  const [project, desk] = [join(home.home, "project"), join(home.home, "desk")];
  for (const folder of [project, desk]) mkdirSync(folder);
  writeFileSync(join(project, "Makefile"), "test:\n\tsh words.sh\n");
  writeFileSync(join(project, "words.sh"), "echo 'up and away'\n");
  const journal = join(desk, "journal");
  writeFileSync(journal, "");
  const waits = `while [ -e ${desk}/hold ]; do sleep 0.05; done`;
  const thinker = ["/bin/sh", "-c", `cat > /dev/null; echo asked >> ${journal}; ${waits}; cat ${desk}/answer`];
  const minds = { deep: "thinker", standard: "thinker", fast: "thinker" };
  const consent = options.consent ? {} : { consent: { checks: "always" } };
  const config = { runtimes: { thinker: { command: thinker } }, minds, ...consent };
  writeFileSync(join(home.home, "config.yaml"), JSON.stringify(config));
  const own = options.consent || options.criteria ? "sh words.sh" : `echo ran >> ${journal}`;
  const check = options.check?.replaceAll("$DESK", desk) ?? own;
  const criteria = [
    { description: "It says them", semantic_ac_key: KEYS[0], verify_command: check },
    { description: "It says them well", semantic_ac_key: KEYS[1] },
  ];
  const seed = join(home.home, "seed.json");
  writeFileSync(seed, JSON.stringify({ goal: "Words", acceptance_criteria: criteria.slice(0, options.criteria ?? 2) }));
  const args: Given["args"] = (...more) => ["evaluate", "--seed", seed, project, ...more];
  return {
    home,
    project,
    seed,
    args,
    evaluate: (...more) => home.run(args(...more)),
    put: (name, text) => writeFileSync(join(desk, name), text),
    letGo: () => rmSync(join(desk, "hold")),
    journal: () => readFileSync(journal, "utf8").split("\n").filter(Boolean),
    rows: (type) => (existsSync(home.path) ? home.dump().split(`"event_type":"${type}"`).length - 1 : 0),
    looks: () =>
      ["worktrees", "workspaces"].flatMap((top) => {
        const all = existsSync(join(home.home, top)) ? readdirSync(join(home.home, top), { recursive: true }) : [];
        return all.map(String).filter((path) => /look_[0-9a-f]+$/.test(path));
      }),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

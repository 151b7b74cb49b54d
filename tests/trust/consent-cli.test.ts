// The command line asks before it has commands of others run: at a terminal with the commands shown, elsewhere by refusing.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ListedApproval } from "../../src/trust/approvals.ts";
import { withInterviewer } from "../cli/support/interviewer.ts";
import { openHome } from "../cli/support/ouroboros.ts";
import { openRunHome, type RunHome } from "../cli/support/run-home.ts";
import { CTRL_C, ENTER, openTerminal } from "../cli/support/terminal.ts";
import { stopWork } from "./support/stop-work.ts";

setDefaultTimeout(60_000);

/** The home's configuration says always, for the other tests; the environment goes before it. */
const ASK = { OUROBOROS_CONSENT_CHECKS: "ask" };
const COMMANDS = ["cat part1.txt && echo seen-one", "test -f part2.txt", "test -f README"];

describe("without a terminal", () => {
  test("a run is refused with exit code 2, the commands and both ways to agree; a dry run needs no word", async () => {
    await using given = await openRunHome();
    const refused = await given.run(["run", given.seed], ASK);
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    for (const command of COMMANDS) expect(refused.stderr).toContain(command);
    expect(refused.stderr).toContain("--approve-checks");
    expect(refused.stderr).toContain(`ouroboros approve ${given.seed}`);
    const asJson = await given.run(["run", given.seed, "--json"], ASK);
    expect([asJson.code, JSON.parse(asJson.stdout).error.code]).toEqual([2, "needs_approval"]);
    expect((await given.run(["run", given.seed, "--dry-run"], ASK)).code).toBe(0);
    expect(await sessionsOf(given)).toEqual([]);
    expect(existsSync(join(given.home, "approvals"))).toBe(false);
  });

  test("nothing in the project's folder gives the word, whatever it is called", async () => {
    await using given = await openRunHome();
    const always = "consent: { checks: always }\n";
    mkdirSync(join(given.project, ".ouroboros"));
    for (const name of ["config.yaml", ".ouroboros/config.yaml"]) writeFileSync(join(given.project, name), always);
    writeFileSync(join(given.home, "config.yaml"), "");
    const refused = await given.run(["run", given.seed, "--runtime", "host"]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("Nobody has agreed")]);
  });

  test("--approve-checks is a word that lasts until it is taken back; then resume wants it again", async () => {
    await using given = await openRunHome();
    given.put("hold");
    const { session_id, execution_id } = await begun(given, ["--approve-checks"]);
    const { approvals } = await given.json(["approve", "--list"]);
    const listed = approvals as ListedApproval[];
    expect(listed.map(({ by, about, matter: { kind } }) => [kind, by, about]).sort()).toEqual([
      ["run", "begun_here", "Parts of a whole"],
      ["seed", "flag", "Parts of a whole"],
    ]);
    expect(listed.flatMap(({ matter }) => (matter.kind === "run" ? matter.execution_id : []))).toEqual([execution_id]);
    await begun(given, []);
    const hash = listed.find(({ matter }) => matter.kind === "seed")?.hash ?? "";
    expect((await given.run(["approve", "--revoke", hash.slice(0, 12)], ASK)).code).toBe(0);

    const resume = ["resume", session_id, "--json"];
    const refused = await given.run(resume, ASK);
    expect([refused.code, JSON.parse(refused.stdout).error.code]).toEqual([2, "needs_approval"]);
    expect(refused.stderr).toContain(COMMANDS[0] ?? "");
    expect(refused.stderr).toContain("--approve-checks");
    const resumed = await given.run([...resume, "--approve-checks"], ASK);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ outcome: "resumed", session_id });
    await stopWork(given);
  });

  test("approve shows the commands and wants --yes; a seed is named by its file, its id or its content's hash", async () => {
    await using given = await openRunHome();
    const imported = await given.json(["seed", "import", given.seed]);
    const { seed_id, content_hash } = imported.seed as { seed_id: string; content_hash: string };
    for (const name of [given.seed, seed_id, content_hash.slice(0, 20)]) {
      const refused = await given.run(["approve", name], ASK);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("[2] test -f part2.txt")]);
    }
    expect(await given.json(["approve", seed_id, "--yes"])).toMatchObject({
      approved: true,
      seed_hash: content_hash,
      commands: COMMANDS,
    });
    expect(await given.json(["approve", "--list"])).toMatchObject({ approvals: [{ by: "cli", hash: content_hash }] });
    const plain = join(given.home, "plain.yaml");
    writeFileSync(plain, "goal: A list\nacceptance_criteria: [It is there]\n");
    expect(await given.json(["approve", plain])).toMatchObject({ approved: false, commands: [] });
  });

  test("a word that is neither ask nor always is no setting", async () => {
    await using given = await openRunHome();
    const { code, stderr } = await given.run(["run", given.seed], { OUROBOROS_CONSENT_CHECKS: "never" });
    expect([code, stderr]).toEqual([1, expect.stringContaining("it must be one of ask, always")]);
  });
});

describe("at a terminal", () => {
  test("every command is shown and the answer is no unless somebody says yes; leaving is no answer", async () => {
    await using given = await openRunHome();
    const run = ["run", given.seed, "--cwd", given.project];
    for (const [key, code] of [
      [ENTER, 2],
      [CTRL_C, 130],
    ] as const) {
      await using terminal = openTerminal(given, run, { columns: 120, env: ASK });
      for (const command of COMMANDS) await terminal.see(command);
      await terminal.see("Run these commands on this machine, as you?");
      terminal.type(key);
      expect(await terminal.ended()).toBe(code);
    }
    expect(await sessionsOf(given)).toEqual([]);
    given.put("hold");
    await using terminal = openTerminal(given, run, { columns: 120, env: ASK });
    await terminal.see("Run these commands on this machine, as you?");
    terminal.type("y");
    await terminal.see("Started orch_");
    expect(await terminal.ended()).toBe(0);
    expect(await given.json(["approve", "--list"])).toMatchObject({
      approvals: [{ matter: { kind: "run" } }, { by: "cli", matter: { kind: "seed" } }],
    });
    await stopWork(given);
  });
});

test("a seed that was made here from an interview is run without a word", async () => {
  await using home = await openHome();
  withInterviewer(home);
  const answers = join(home.home, "answers.txt");
  writeFileSync(answers, "First come, first served\nUntil the evening before\nNobody loses a booking\n");
  const held = await home.run(["interview", "Desks for twelve people", "--answers", answers, "--json"]);
  const { session_id } = JSON.parse(held.stdout);
  const made = await home.run(["seed", "generate", session_id, "--force", "--json"]);
  const { seed } = JSON.parse(made.stdout);
  const { approvals } = JSON.parse((await home.run(["approve", "--list", "--json"])).stdout);
  expect(approvals).toMatchObject([{ by: "made_here", hash: seed.content_hash, matter: { kind: "seed" } }]);
  const { code, stderr } = await home.run(["run", seed.seed_id, "--runtime", "host", "--json"]);
  await stopWork(home);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining("Nobody has agreed")]);
});

async function sessionsOf(given: RunHome): Promise<unknown> {
  return (await given.json(["sessions"])).sessions;
}

/** Begins a run and ends whatever works on it at once: that it was begun is all that counts here. */
async function begun(given: RunHome, flags: readonly string[]): Promise<{ session_id: string; execution_id: string }> {
  const { code, stdout, stderr } = await given.run(["run", given.seed, "--json", ...flags], ASK);
  if (code !== 0) throw new Error(stderr);
  await stopWork(given);
  return JSON.parse(stdout);
}

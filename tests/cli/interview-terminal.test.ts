import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { withInterviewer } from "./support/interviewer.ts";
import { type CliHome, openHome } from "./support/ouroboros.ts";
import { CTRL_C, ENTER, openTerminal, type TerminalSession } from "./support/terminal.ts";

setDefaultTimeout(120_000);

/** The store's one interview, as the CLI tells it. */
async function stateOf(home: CliHome) {
  const state = JSON.parse((await home.run(["interview", "status", "interview_", "--json"])).stdout);
  const answers = state.rounds.flatMap((round: { answer: { text: string } | null }) => round.answer?.text ?? []);
  return { ...state, answers };
}

async function asks(terminal: TerminalSession, number: number): Promise<void> {
  await terminal.see(`Question ${number}`);
  await terminal.see("Your answer");
}

const RESUME = ["interview", "--resume"];

describe("an interview in a terminal", () => {
  test("goes from a wish to a seed's file: numbers, own words, later, status, undo, amend", async () => {
    await using home = await openHome();
    const mind = withInterviewer(home);
    await using terminal = openTerminal(home, ["interview"]);
    await terminal.see("What do you want to have?");
    terminal.type(`机の予約 for twelve people${ENTER}`);
    await asks(terminal, 1);
    terminal.type(`2${ENTER}`);
    await terminal.see("→ Both are refused");
    await asks(terminal, 2);
    terminal.type(`/stauts${ENTER}`);
    await terminal.see("There is no /stauts.");
    await terminal.see("Your answer");
    terminal.type(`/undo${ENTER}`);
    await asks(terminal, 1);
    terminal.type(`Whoever came first${ENTER}`);
    await asks(terminal, 2);
    terminal.type(`3${ENTER}`);
    await asks(terminal, 3);
    terminal.type(`/amend 1${ENTER}`);
    await terminal.see("Answer 1");
    terminal.type(` gets it${ENTER}`);
    await asks(terminal, 3);
    // Lines pasted at once are one answer, not the answers to questions nobody has seen.
    terminal.type(`${ENTER}Pasted:${ENTER}二行目${ENTER}\u0007- the end${ENTER}`);
    await terminal.see("→ Pasted:");
    await asks(terminal, 4);
    terminal.type(`/undo${ENTER}`);
    await asks(terminal, 3);
    terminal.type(`/status${ENTER}`);
    await terminal.see("Whoever came first gets it");
    await terminal.see("To be decided later (later)");
    await terminal.see("goal ");
    await terminal.see("Your answer");
    terminal.type(` 1${ENTER}`);
    await asks(terminal, 4);
    terminal.type(`/done${ENTER}`);
    await terminal.see("Clear enough to build.");
    await terminal.see("Make the seed now?");
    terminal.type(ENTER);
    await terminal.see("File: ");
    expect(await terminal.ended()).toBe(0);
    const path = /File: (\S+\.yaml)/.exec(stripVTControlCharacters(terminal.shown()))?.[1] ?? "";
    expect([path, existsSync(path)]).toEqual([path, true]);
    const { answers, status } = await stateOf(home);
    const events = await home.run(["events", "--type", "interview.response.recorded", "--json", "--limit", "10"]);
    expect(events.stdout).toContain(JSON.stringify("Pasted:\n二行目\n- the end"));
    expect([status, answers]).toEqual(["completed", ["Whoever came first gets it", "To be decided later", "1"]]);
    // Undone and asked again: what was scored before is not paid for twice.
    expect(mind.asked().filter((one) => one === "turn 0")).toHaveLength(1);
  });

  test("kill -9 at any moment loses no answer and doubles no round", async () => {
    await using home = await openHome();
    const mind = withInterviewer(home);
    const said = ["First come, first served", "Until the evening before", "Nobody loses a booking"];
    for (const [at, answer] of said.entries()) {
      if (at !== 1) {
        await using shown = openTerminal(home, at === 0 ? ["interview", "Desks for twelve people"] : RESUME);
        await asks(shown, at + 1);
        shown.kill("SIGKILL");
      }
      await using terminal = openTerminal(home, RESUME);
      await asks(terminal, at + 1);
      mind.hold();
      terminal.type(`${answer}${ENTER}`);
      await mind.thinks(`turn ${at + 1}`);
      terminal.kill("SIGKILL");
      expect(await terminal.ended()).toBe("SIGKILL");
      mind.letGo();
      expect((await stateOf(home)).answers).toEqual(said.slice(0, at + 1));
    }
    await using terminal = openTerminal(home, RESUME);
    await asks(terminal, 4);
    terminal.type(`/done${ENTER}`);
    await terminal.see("Make the seed now?");
    mind.hold();
    terminal.type(ENTER);
    await mind.thinks("seed");
    terminal.kill("SIGKILL");
    await terminal.ended();
    mind.letGo();
    const { answers, session_id, status } = await stateOf(home);
    expect([status, answers]).toEqual(["completed", said]);
    const made = [1, 2].map(() => home.run(["seed", "generate", session_id, "--json"]));
    const [one, two] = (await Promise.all(made)).map(({ stdout }) => JSON.parse(stdout).seed.seed_id);
    expect(one).toBe(two);
    // Each turn was thought about twice at most: once before the kill and once after it.
    expect(mind.asked().filter((line) => line === "turn 2").length).toBeLessThanOrEqual(2);
  });

  test("leaving by Ctrl-C, SIGTERM or hanging up keeps everything and says how to go on", async () => {
    await using home = await openHome();
    const mind = withInterviewer(home);
    const goOn = "Go on with: ouroboros interview --resume interview_";
    {
      await using terminal = openTerminal(home, ["interview", "Desks for twelve people"]);
      await asks(terminal, 1);
      terminal.type(CTRL_C);
      await terminal.see(goOn);
      expect(await terminal.ended()).toBe(130);
    }
    {
      await using terminal = openTerminal(home, RESUME);
      await asks(terminal, 1);
      mind.hold();
      terminal.type(`First come${ENTER}`);
      await mind.thinks("turn 1");
      terminal.type(CTRL_C);
      await terminal.see(goOn);
      expect(await terminal.ended()).toBe(130);
      mind.letGo();
    }
    {
      await using terminal = openTerminal(home, RESUME);
      await asks(terminal, 2);
      terminal.kill("SIGTERM");
      await terminal.see(goOn);
      expect(await terminal.ended()).toBe(130);
    }
    for (const hangsUp of [true, false]) {
      await using terminal = openTerminal(home, RESUME, { hangsUp });
      await asks(terminal, 2);
      terminal.hangUp();
      expect(await terminal.ended()).toBe(130);
    }
    expect((await stateOf(home)).answers).toEqual(["First come"]);
  });

  test("when another window was first, its answer stands and the question that is open now is shown", async () => {
    await using home = await openHome();
    withInterviewer(home);
    await using terminal = openTerminal(home, ["interview", "Desks for twelve people"]);
    await asks(terminal, 1);
    expect((await home.run(["interview", "answer", "interview_", "First come"])).code).toBe(0);
    terminal.type(`Last come${ENTER}`);
    await terminal.see('Round 1 is answered already: "First come"');
    await asks(terminal, 2);
    terminal.type(`/quit${ENTER}`);
    expect(await terminal.ended()).toBe(0);
    expect((await stateOf(home)).answers).toEqual(["First come"]);
  });

  test("keeps to forty columns and takes no colours where none are wanted", async () => {
    await using home = await openHome();
    withInterviewer(home);
    const args = ["interview", "小さな会議室の予約システムが必要です。同じ机を二人が予約できないこと"];
    await using terminal = openTerminal(home, args, { columns: 40, env: { NO_COLOR: "1" } });
    await asks(terminal, 1);
    await terminal.see("/help");
    terminal.type("予約は前日まで");
    await terminal.see("予約は前日まで");
    terminal.type(CTRL_C);
    await terminal.ended();
    const raw = terminal.shown();
    // Each line as it was written: moving the cursor begins another one.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is looked for
    const written = raw.slice(0, raw.indexOf("Nothing is lost")).replaceAll(/\u001b\[\d*[A-HJK]/g, "\n");
    const lines = stripVTControlCharacters(written).split(/\r?\n/);
    expect(lines.filter((line) => Bun.stringWidth(line) > 40)).toEqual([]);
    expect(raw).toContain("どのような制約がありま");
    // A model's words set no window's title.
    expect([raw.includes("owned"), raw.includes("\u001b]0;")]).toEqual([true, false]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is looked for
    expect(raw.match(/\u001b\[(?:3[0-7]|9[0-7])m/g) ?? []).toEqual([]);
  });

  test("says that nobody could think, keeps the answer, and tries again when told to", async () => {
    await using home = await openHome();
    const mind = withInterviewer(home);
    await using terminal = openTerminal(home, ["interview", "Desks for twelve people", "--brief"]);
    await asks(terminal, 1);
    mind.fail(true);
    terminal.type(`First come${ENTER}`);
    await terminal.see("Nothing is lost");
    await terminal.see("Try again?");
    mind.fail(false);
    terminal.type(ENTER);
    await asks(terminal, 2);
    terminal.type(`/quit${ENTER}`);
    await terminal.see("Go on with: ouroboros interview --resume");
    expect(await terminal.ended()).toBe(0);
    expect((await stateOf(home)).answers).toEqual(["First come"]);
  });
});

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withInterviewer } from "./support/interviewer.ts";
import { type CliHome, openHome } from "./support/ouroboros.ts";

setDefaultTimeout(60_000);

const WISH = "Desks for twelve people";

async function json(home: CliHome, ...args: string[]) {
  const { stdout, stderr } = await home.run([...args, "--json"]);
  return { ...JSON.parse(stdout || "{}"), stderr };
}

test("without a terminal it says what to use instead, and begins nothing", async () => {
  await using home = await openHome();
  withInterviewer(home);
  const { code, stdout, stderr } = await home.run(["interview", WISH]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("Use --answers FILE (one answer a line, - for stdin); or --json");
  expect(existsSync(home.path)).toBe(false);
  const both = await json(home, "interview", WISH, "--resume=interview_a");
  expect(both.error.code).toBe("wrong_usage");
  expect((await json(home, "interview")).error.code).toBe("bad_context");
});

test("one turn a call: question, answer, amend, undo, done, and what is refused says what to type", async () => {
  await using home = await openHome();
  const mind = withInterviewer(home);
  const begun = await json(home, "interview", WISH, "--cwd", home.home);
  const id = begun.session_id;
  expect(begun).toMatchObject({ status: "question", round: 1, answered_rounds: 0 });
  const first = await json(home, "interview", "answer", id, "First come", "--round", "1");
  expect(first).toMatchObject({ status: "question", round: 2, answered_rounds: 1 });
  // The same answer again, as after a lost reply, changes nothing and asks nobody.
  const again = await json(home, "interview", "answer", id, "First come", "--round", "1");
  expect(again).toMatchObject({ round: 2, answered_rounds: 1 });
  expect(mind.asked()).toEqual(["turn 0", "turn 1"]);
  const other = await home.run(["interview", "answer", id, "Last come", "--round", "1"]);
  expect([other.code, other.stdout]).toEqual([2, ""]);
  expect(other.stderr).toContain(`ouroboros interview amend ${id} ROUND TEXT`);
  const early = await home.run(["interview", "done", id]);
  expect([early.code, early.stderr.includes("constraints is at 0.40 and needs 0.65")]).toEqual([2, true]);
  expect(early.stderr).toContain(`ouroboros seed generate ${id} --force`);
  await json(home, "interview", "answer", id, "Until the evening before");
  expect(await json(home, "interview", "undo", id)).toMatchObject({ round: 2, answered_rounds: 1 });
  const amended = await json(home, "interview", "amend", id, "1", "The team that needs it most");
  expect(amended).toMatchObject({ round: 2, answered_rounds: 1 });
  const { rounds } = await json(home, "interview", "status", id);
  expect(rounds[0].answer).toEqual({ text: "The team that needs it most", source: "person", earlier: ["First come"] });
  const text = (await home.run(["interview", "next", id])).stdout;
  expect(text).toContain("Question 2 · goal\n");
  expect(text).toContain("3. Decide later\n");
  expect(text).toContain(`Answer: ouroboros interview answer ${id} TEXT --round 2\n`);
  expect(await json(home, "interview", "abort", id, "--reason", "No need")).toMatchObject({ status: "aborted" });
  const after = await home.run(["interview", "answer", id, "Wait"]);
  expect([after.code, after.stderr]).toEqual([
    2,
    expect.stringContaining("Start another one with `ouroboros interview`"),
  ]);
});

test("answers from a file go in one by one until it is clear", async () => {
  await using home = await openHome();
  const mind = withInterviewer(home);
  const file = join(home.home, "answers.txt");
  writeFileSync(file, "First come\n\n[decide_later]\nUntil the evening before\n3\nToo much\n");
  const wish = join(home.home, "wish.md");
  writeFileSync(wish, "For twelve people in two rooms");
  const done = await json(home, "interview", "Desks", "--file", wish, "--answers", file);
  expect(done).toMatchObject({ status: "completed", answered_rounds: 4 });
  const state = await json(home, "interview", "status", done.session_id);
  expect(state.rounds.map(({ answer }: { answer: { text: string } }) => answer.text)).toEqual([
    "First come",
    "To be decided later",
    "Until the evening before",
    "3",
  ]);
  expect(mind.asked()).toHaveLength(5);
  const missing = await json(home, "interview", "Desks", "--answers", join(home.home, "nothing"));
  expect(missing.error.code).toBe("bad_answers");
});

test("a mind that fails costs no answer", async () => {
  await using home = await openHome();
  const mind = withInterviewer(home);
  const { session_id: id } = await json(home, "interview", WISH);
  mind.fail(true);
  const failed = await home.run(["interview", "answer", id, "First come"]);
  expect([failed.code, failed.stdout]).toEqual([2, ""]);
  expect(failed.stderr).toContain(`Nothing is lost: \`ouroboros interview --resume ${id}\``);
  mind.fail(false);
  expect(await json(home, "interview", "--resume", id)).toMatchObject({ round: 2, answered_rounds: 1 });
});

test("the beginning of an id is enough where only one begins so", async () => {
  await using home = await openHome();
  withInterviewer(home);
  mkdirSync(join(home.home, "data"));
  for (const id of ["interview_aa11", "interview_aa22", "interview_bb33"]) {
    const state = {
      status: "in_progress",
      initial_context: `Wish of ${id}`,
      rounds: [{ question: "Who?", user_response: null }],
    };
    writeFileSync(join(home.home, "data", `interview_${id}.json`), JSON.stringify(state));
  }
  await json(home, "interview", WISH);
  const { interviews } = await json(home, "interview", "list");
  expect(interviews.map(({ wish }: { wish: string }) => wish).sort()).toEqual([
    WISH,
    "Wish of interview_aa11",
    "Wish of interview_aa22",
    "Wish of interview_bb33",
  ]);
  const status = async (id: string) => await json(home, "interview", "status", id);
  expect(await status("bb")).toMatchObject({ session_id: "interview_bb33", question: { text: "Who?" } });
  expect(await status("interview_aa1")).toMatchObject({ session_id: "interview_aa11" });
  expect((await status("aa")).error).toMatchObject({
    code: "ambiguous_id",
    message: expect.stringContaining("interview_aa11, interview_aa22"),
  });
  for (const id of ["zz", "../interview_aa11", ""]) expect((await status(id)).error.code).toBe("not_found");
});

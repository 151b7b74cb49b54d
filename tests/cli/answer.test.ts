import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/agent-processes.ts";
import { openRunHome } from "./support/run-home.ts";

setDefaultTimeout(60_000);

test("answer lists what an agent asks, takes one answer, and the agent works on with it while the others went on", async () => {
  await using given = await openRunHome();
  given.put("ask-1");
  const { session_id: id, execution_id } = await given.begin();
  await until(async () => {
    const { questions } = await given.json(["answer", id]);
    return Array.isArray(questions) && questions.length === 1;
  }, "the agent has asked");
  const { stdout } = await given.run(["answer", execution_id]);
  expect(stdout).toMatch(
    /^1 Part one is there\n {2}Which colour\?\n {2}options: navy \| grey\n {2}default: grey \(taken at /,
  );
  const status = await given.run(["status", id]);
  expect(status.stdout).toContain("? 1 Part one is there: asks: Which colour?");
  expect(await given.json(["answer", id, "2", "navy"])).toMatchObject({ error: { code: "no_question" } });
  expect(await given.json(["answer", id, "1", " "])).toMatchObject({ error: { code: "bad_answer" } });
  const answered = await given.run(["answer", id, "navy"]);
  expect([answered.code, answered.stdout]).toEqual([0, "Answered the question of criterion 1: navy\n"]);
  const again = await given.run(["answer", id, "1", "grey"]);
  expect(again.code).toBe(2);
  await until(async () => (await given.json(["status", id])).status === "completed", "the run has ended");
  expect(given.git("show", `ooo/${execution_id}:part1.txt`)).toStartWith("navy\n");
  expect((await given.run(["answer", id])).stdout).toBe("No question waits for an answer.\n");
});

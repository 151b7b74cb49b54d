// What a turn costs the server when the host thinks: a fixed number of statements, however long the interview is.
import { expect, setDefaultTimeout, test } from "bun:test";
import { givenStore, interfered } from "../support/given-store.ts";
import { agreeable, InterviewHost, viewOf } from "../support/interview-host.ts";

setDefaultTimeout(30_000);

const TURNS = 12;

test("a turn takes as many statements at the end of a long interview as at its beginning, and few", async () => {
  await using given = await givenStore();
  const count = { reads: 0, writes: 0, statements: 0 };
  const counted = interfered(given.context, {
    beforeRead: async (statements) => void add("reads", statements.length),
    beforeWrite: async (statements) => void add("writes", statements.length),
  });
  const thinks = agreeable(() => 0.5);
  const host = new InterviewHost(counted, thinks);
  let { session_id, round } = await host.interview({ initial_context: "A wish for bread", cwd: given.home });
  const costs: (typeof count & { ms: number })[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    Object.assign(count, { reads: 0, writes: 0, statements: 0 });
    const answer = { session_id, round, answer: `Answer ${turn}: ${"with many words ".repeat(20)}` };
    const began = performance.now();
    const { work } = viewOf(await host.reply("ouroboros_interview", answer));
    if (!work) throw new Error("There is no work");
    const result = thinks(work);
    ({ session_id, round } = viewOf(await host.reply("ouroboros_submit", { work_id: work.work_id, result })));
    costs.push({ ...count, ms: Math.round(performance.now() - began) });
  }
  expect(round).toBe(TURNS + 1);
  const statements = costs.map(({ ms: _, ...one }) => one);
  expect(new Set(statements.map((one) => JSON.stringify(one))).size).toBe(1);
  // The answer, the order, the result and what follows from it: four writes, of which none can be left out.
  expect(count.writes).toBe(4);
  expect(count.statements).toBeLessThanOrEqual(40);
  if (process.env.SHOW_COSTS === "1") process.stderr.write(`${JSON.stringify(costs)}\n`);

  function add(kind: "reads" | "writes", statements: number): void {
    count[kind]++;
    count.statements += statements;
  }
});

test("asking how it stands writes nothing, and asks nobody", async () => {
  await using given = await givenStore();
  let writes = 0;
  const counted = interfered(given.context, { beforeWrite: async () => void writes++ });
  const host = new InterviewHost(
    counted,
    agreeable(() => 0.5),
  );
  const { session_id } = await host.interview({ initial_context: "A wish for bread", cwd: given.home });
  writes = 0;
  for (const args of [{ action: "status" }, {}]) {
    expect(await host.interview({ session_id, ...args })).toMatchObject({ status: "question", round: 1 });
  }
  expect(writes).toBe(0);
});

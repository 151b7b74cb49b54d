// `ouroboros_auto` as a host's model meets it: work orders, the person's own question as a form, arguments of the Python program.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { isRefusal } from "../../src/base/refusal.ts";
import type { Said } from "../../src/mcp/asking.ts";
import { toolNamed } from "../../src/mcp/catalogue.ts";
import { TOOLSETS } from "../../src/mcp/toolsets.ts";
import { GOAL, thinkAlong } from "../e2e/support/auto-story.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import { InterviewHost, type Reply } from "../support/interview-host.ts";

setDefaultTimeout(30_000);

let given: GivenStore;
let host: InterviewHost;
beforeAll(async () => {
  given = await givenStore();
  host = new InterviewHost(given.context, (work) => {
    const { input, answer_schema } = work as typeof work & { answer_schema: object };
    return thinkAlong(input, JSON.stringify(answer_schema), [2]).answer;
  });
});
afterAll(async () => {
  await given[Symbol.asyncDispose]();
});

const begin = () => ({ goal: GOAL, cwd: given.home, skip_run: true });

/** Does the host's work until somebody else is asked for; the last reply as it came. */
async function untilAsked(reply: Reply): Promise<Reply> {
  let last = reply;
  for (let orders = 0; orders < 20; orders++) {
    const view = replied(last);
    if (view.status !== "needs_host") return last;
    last = await host.work(view.work as never);
  }
  throw new Error("It asks and asks");
}

function replied(reply: Reply): Record<string, unknown> {
  if (isRefusal(reply)) throw new Error(`${reply.code}: ${reply.message}`);
  return (reply.value.answer ?? reply.value) as Record<string, unknown>;
}

test("what only the person can say is put to them as a form, and their answer to the same call goes on", async () => {
  const asked = await untilAsked(await host.reply("ouroboros_auto", begin()));
  const { auto_session_id: auto, ...view } = replied(asked);
  expect(view).toMatchObject({ status: "blocked", stop_reason_code: "ask_person", work: null });
  expect(view.pending_question).toMatchObject({ text: "What does it print?" });
  const asks = isRefusal(asked) ? undefined : asked.asks;
  expect(asks).toMatchObject({ message: "What does it print?", state: JSON.stringify({ auto, round: 2 }) });
  // The form comes back with the call that it was put in, whichever that was: nothing is begun anew.
  const said: Said = { state: asks?.state ?? "", answer: null };
  const declined = await host.reply("ouroboros_auto", begin(), said);
  expect(replied(declined)).toMatchObject({ status: "blocked", auto_session_id: auto });
  expect(declined).not.toHaveProperty("asks");
  const answered = await host.reply("ouroboros_auto", begin(), { ...said, answer: "Hello" });
  expect(replied(answered)).toMatchObject({ status: "needs_host", auto_session_id: auto, current_round: 2 });
  const done = replied(await untilAsked(answered));
  expect(done).toMatchObject({ status: "complete", auto_session_id: auto, stop_reason_code: "seeded" });
  expect(done.assumptions).toMatchObject([{ round: 1 }, { round: 3 }, { round: 4 }]);
});

test("where no form can be shown the model passes what they say", async () => {
  const { auto_session_id: resume } = replied(await untilAsked(await host.reply("ouroboros_auto", begin())));
  const answered = await host.reply("ouroboros_auto", { resume, answer: "Hello" });
  expect(replied(await untilAsked(answered))).toMatchObject({ status: "complete" });
  expect(await host.reply("ouroboros_auto", { resume, answer: "Again" })).toMatchObject({ code: "no_open_question" });
});

test("arguments of the Python program that mean nothing here are accepted and named, and its other name is answered", async () => {
  const more = {
    max_repair_rounds: 3,
    commit_policy: "final_only",
    worktree_policy: null,
    pipeline_timeout_seconds: 600,
  };
  const view = replied(await host.reply("ouroboros_auto", { ...begin(), ...more, user_preferences: { shell: "sh" } }));
  expect(view).toMatchObject({ ignored: ["max_repair_rounds", "commit_policy"], bounds: { hours: 600 / 3_600 } });
  expect(view.work).toMatchObject({ input: expect.stringContaining("- shell: sh") });
  expect(toolNamed({ toolsets: TOOLSETS, readOnly: false }, "ouroboros_start_auto")?.name).toBe("ouroboros_auto");
  expect(await host.reply("ouroboros_auto", { resume: "auto_000000000000" })).toMatchObject({ code: "not_found" });
  expect(await host.reply("ouroboros_auto", { cwd: given.home })).toMatchObject({ code: "bad_goal" });
});

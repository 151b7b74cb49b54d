// A question to the person, put to them by their own client where it can: over stdio, with both SDKs, in both eras of the protocol.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type CallResult, type ClientEra, type ConnectedClient, connectClient } from "../support/interview-clients.ts";
import { agreeable, type HostView } from "../support/interview-host.ts";

setDefaultTimeout(60_000);

const thinks = agreeable(() => 0.5);

describe.each<ClientEra>(["v1", "v2, 2025", "v2, 2026"])("a client that shows forms (%s)", (era) => {
  let client: ConnectedClient;
  beforeAll(async () => {
    client = await connectClient(era, { form: {} });
  });
  afterAll(() => client[Symbol.asyncDispose]());

  test.each([
    ["a suggestion is chosen", { choice: "One more thing" }, "One more thing", "person"],
    ["own words are written", { answer: "Neither: on Sundays" }, "Neither: on Sundays", "person"],
    ["both are there, own words go first", { choice: "Nothing", answer: "But on Sundays" }, "But on Sundays", "person"],
    ["own words are blank, the choice counts", { choice: "Nothing", answer: "  " }, "Nothing", "person"],
    ["it is put off", { choice: "[decide_later]" }, "To be decided later", "later"],
  ])("when %s, it is recorded and worked on before the model hears anything", async (_, content, text, from) => {
    const { work } = await started(client);
    client.answers({ action: "accept", content });
    client.shown.length = 0;
    const view = viewOf(await submit(client, work));
    expect(client.shown).toHaveLength(1);
    expect(client.shown[0]?.message).toBe("What else, after 0 answers?");
    expect(client.shown[0]?.requestedSchema.properties.choice?.enum).toEqual([
      "Nothing",
      "One more thing",
      "[decide_later]",
    ]);
    expect(client.shown[0]?.requestedSchema.properties).toHaveProperty("answer");
    expect(view).toMatchObject({ status: "needs_host", answered_rounds: 1 });
    const [, round] = JSON.parse(view.work?.input ?? "[]");
    expect(round).toMatchObject({ round: 1, answer: text, from });
  });

  test.each([
    ["declines", { action: "decline" as const }],
    ["closes the form", { action: "cancel" as const }],
    [
      "writes something and declines all the same",
      { action: "decline" as const, content: { answer: "Half a thought" } },
    ],
    ["sends it empty", { action: "accept" as const, content: {} }],
  ])("when the person %s, nothing is recorded, and the model is told the question", async (_, answer) => {
    const { work } = await started(client);
    client.answers(answer);
    client.shown.length = 0;
    const result = await submit(client, work);
    expect(client.shown).toHaveLength(1);
    expect(viewOf(result)).toMatchObject({ status: "question", round: 1, answered_rounds: 0 });
    expect(textOf(result)).toContain("What else, after 0 answers?");
    expect(textOf(result)).toContain("[decide_later]");
  });

  test("is asked again when the model comes back for an open question, and the answer is recorded once", async () => {
    const { work, session_id } = await started(client);
    client.answers({ action: "cancel" });
    await submit(client, work);
    client.answers({ action: "accept", content: { answer: "Now I know" } });
    const view = viewOf(await client.call("ouroboros_interview", { session_id }));
    expect(view).toMatchObject({ status: "needs_host", answered_rounds: 1 });
    // The model may say the same once more, as what it has heard.
    expect(
      viewOf(await client.call("ouroboros_interview", { session_id, round: 1, answer: "Now I know" })),
    ).toMatchObject({
      status: "needs_host",
      answered_rounds: 1,
    });
  });

  test("is shown no form when somebody only looks at how things stand", async () => {
    const { work, session_id } = await started(client);
    client.answers({ action: "cancel" });
    await submit(client, work);
    client.shown.length = 0;
    const looked = await client.call("ouroboros_interview", { session_id, action: "status" });
    expect(viewOf(looked)).toMatchObject({ status: "question", round: 1 });
    expect(client.shown).toEqual([]);
  });

  test("that fails to show it loses nothing: the scores are there, and the model can look at the question and answer it", async () => {
    const { work, session_id } = await started(client);
    client.answers("fails");
    await submit(client, work).catch(() => {});
    const looked = await client.call("ouroboros_interview", { session_id, action: "status" });
    expect(viewOf(looked)).toMatchObject({ status: "question", round: 1, ambiguity: { stale: false } });
    expect(textOf(looked)).toContain("What else, after 0 answers?");
    const answered = await client.call("ouroboros_interview", { session_id, round: 1, answer: "Asked by the model" });
    expect(viewOf(answered)).toMatchObject({ status: "needs_host", answered_rounds: 1 });
  });

  test("goes from form to form to the end, and only the host's thinking is in between", async () => {
    const clear = agreeable(() => 0.95);
    let { work } = await started(client);
    client.answers({ action: "accept", content: { choice: "Nothing" } });
    client.shown.length = 0;
    let view: HostView | undefined;
    for (let turn = 0; turn < 6 && work; turn++) {
      const result = await client.call("ouroboros_submit", { work_id: work.work_id, result: clear(work) });
      view = viewOf(result);
      ({ work } = view);
    }
    expect(view).toMatchObject({ status: "completed", answered_rounds: 4 });
    expect(client.shown).toHaveLength(4);
  });
});

describe.each<[string, ClientEra, object | undefined]>([
  ["that says nothing of forms", "v1", undefined],
  ["that says nothing of forms", "v2, 2025", undefined],
  ["that says nothing of forms", "v2, 2026", undefined],
  ["that can only open pages", "v2, 2026", { url: {} }],
])("a client %s (%s)", (_, era, capability) => {
  test("gets the question for its model, with the suggestions in it", async () => {
    await using client = await connectClient(era, capability);
    const { work } = await started(client);
    const result = await submit(client, work);
    expect(client.shown).toEqual([]);
    expect(viewOf(result)).toMatchObject({ status: "question", round: 1, answered_rounds: 0 });
    for (const part of ["What else, after 0 answers?", "1. Nothing", "2. One more thing", "[decide_later]"]) {
      expect(textOf(result)).toContain(part);
    }
  });
});

async function started(client: ConnectedClient): Promise<HostView> {
  return viewOf(await client.call("ouroboros_interview", { initial_context: "A wish for bread" }));
}

function submit(client: ConnectedClient, work: HostView["work"]): Promise<CallResult> {
  if (!work) throw new Error("There is no work");
  return client.call("ouroboros_submit", { work_id: work.work_id, result: thinks(work) });
}

function viewOf(result: CallResult): HostView {
  if (result.isError) throw new Error(`Refused: ${textOf(result)}`);
  const { structuredContent = {} } = result;
  return (structuredContent.answer ?? structuredContent) as unknown as HostView;
}

function textOf({ content }: CallResult): string {
  return content.map(({ text }) => text ?? "").join("\n");
}

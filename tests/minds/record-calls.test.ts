import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { agentMind } from "../../src/minds/agent-mind.ts";
import { apiMind } from "../../src/minds/api/api-mind.ts";
import { openMind } from "../../src/minds/open-mind.ts";
import { recordCalls } from "../../src/minds/record-calls.ts";
import { Secret } from "../../src/minds/secret.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { type GivenStore, givenOrphan } from "../support/given-store.ts";
import { answered, GOOD, NEVER, QUESTION, QUICK, refused } from "./support/mind-contract.ts";
import { type ModelStep, openModelServer } from "./support/model-server.ts";
import { scriptedRuntime } from "./support/scripted-runtime.ts";

setDefaultTimeout(30_000);

const KEY = "sk-PLANTED-4e1c77aa02";

let given: GivenStore;
let before: number;
beforeEach(async () => {
  given = await givenOrphan("young");
  before = await given.rowCount();
});
afterEach(async () => {
  await given[Symbol.asyncDispose]();
});

test("a call is on record with who, what for and what it took, and not with what was said", async () => {
  await asked([{ says: "no" }, { says: GOOD }]);
  const [requested, returned, ...more] = await recorded();
  expect(more).toEqual([]);
  expect(requested).toMatchObject({
    event_type: "llm.call.requested",
    aggregate_type: "session",
    aggregate_id: given.only.session_id,
    payload: { mind: "somebody/m1", role: "standard", kind: "test.verdict" },
  });
  expect(returned?.event_type).toBe("llm.call.returned");
  expect(Object.keys(returned?.payload ?? {}).sort()).toEqual([
    "attempts",
    "kind",
    "mind",
    "model",
    "ms",
    "outcome",
    "role",
    "usage",
  ]);
  expect(returned?.payload).toMatchObject({
    mind: "somebody/m1",
    model: "m1",
    usage: { input_tokens: 200, output_tokens: 20, cost_usd: null },
    attempts: 2,
    outcome: "answered",
  });
  const all = JSON.stringify([requested, returned]);
  for (const said of ["Is 2 + 2", "Judge", '"verdict":', "pass"]) expect(all).not.toContain(said);
});

test("a call that failed is on record with what it took and why, and no secret that was echoed", async () => {
  const refusal = refused(
    await asked([{ status: 429, message: KEY, headers: { "retry-after": "3600" } }]),
    "mind_limited",
  );
  const returned = (await recorded())[1];
  expect(returned?.payload).toMatchObject({ attempts: 1, usage: null, outcome: "mind_limited" });
  expect(JSON.stringify([refusal, await recorded()])).not.toContain("PLANTED");
});

test("an owner that has lost its session records nothing more", async () => {
  const { session_id } = given.only;
  await given.lease(session_id, ownIdentity());
  const expected = { kind: "owner", sessionId: session_id, epoch: 1, ownerId: "somebody else" } as const;
  const { runtime } = scriptedRuntime([{ text: GOOD }]);
  const mind = recordCalls(agentMind(runtime), given.context.store, scope(), expected);
  answered(await mind.ask(QUESTION, NEVER));
  expect(await recorded()).toEqual([]);
});

test("a store that takes no record costs nobody the answer", async () => {
  const { runtime } = scriptedRuntime([{ text: GOOD }]);
  const closed = { ...given.context.store, access: "read", readOnlyBecause: "a newer program has changed it" } as const;
  expect(answered(await recordCalls(agentMind(runtime), closed, scope()).ask(QUESTION, NEVER)).attempts).toBe(1);
  expect(await recorded()).toEqual([]);
});

test("the mind that was chosen records its calls where there is a store, and the host's orders record themselves", async () => {
  const { runtime } = scriptedRuntime([{ text: GOOD }]);
  const host = { store: given.context.store, scope: scope(), continuation: null };
  const parts = {
    host,
    runtime: (name: string) => (name === "scripted" ? runtime : undefined),
    access: () => ({ name: "x", wire: "openai" as const, baseUrl: "http://127.0.0.1:9/v1", key: undefined }),
  };
  const open = async (kind: "host" | "agent" | "api", name: string, over = {}) =>
    openMind({ kind, name, model: undefined, why: "" }, { ...parts, ...over });
  const agent = await open("agent", "scripted");
  if (!("ask" in agent)) throw new Error(agent.message);
  answered(await agent.ask(QUESTION, NEVER));
  expect((await recorded()).map(({ event_type }) => event_type)).toEqual(["llm.call.requested", "llm.call.returned"]);
  const hostMind = await open("host", "host");
  if (!("ask" in hostMind)) throw new Error(hostMind.message);
  await hostMind.ask(QUESTION, NEVER);
  expect(await recorded()).toHaveLength(3);
  refused(await open("agent", "nobody"), "mind_unavailable");
  refused(await open("api", "x"), "mind_unavailable");
  refused(await open("host", "host", { host: undefined }), "mind_unavailable");
});

function scope() {
  return { aggregateType: "session", aggregateId: given.only.session_id };
}

async function asked(steps: readonly ModelStep[]) {
  await using server = await openModelServer(steps);
  const access = { name: "somebody", wire: "openai" as const, baseUrl: server.url, key: new Secret(KEY) };
  return await recordCalls(apiMind(access, "m1", QUICK), given.context.store, scope()).ask(QUESTION, NEVER);
}

async function recorded() {
  return await given.rowsAfter(before);
}

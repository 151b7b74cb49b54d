// A person is asked by their own client before commands of others are run; a model has no way to say yes for them.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withConsent } from "../../src/mcp/with-consent.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { seedConsent } from "../../src/trust/seed-consent.ts";
import { type CallResult, type ClientEra, type ConnectedClient, connectClient } from "../support/interview-clients.ts";
import { stopWork } from "./support/stop-work.ts";

setDefaultTimeout(90_000);

const EXECUTE = "ouroboros_execute_seed";
const YES = "Run these commands";

describe.each<ClientEra>(["v1", "v2, 2025", "v2, 2026"])("a client that shows forms (%s)", (era) => {
  let client: ConnectedClient;
  beforeAll(async () => {
    client = await connectClient(era, { form: {} });
    mkdirSync(join(client.home, "project"));
  });
  afterAll(async () => {
    stopWork(ourFolder(client));
    await client[Symbol.asyncDispose]();
  });

  test.each([
    ["declines", { action: "decline" as const }],
    ["closes the form", { action: "cancel" as const }],
    ["chooses no", { action: "accept" as const, content: { choice: "Do not run them" } }],
    ["declines with a yes in it", { action: "decline" as const, content: { choice: YES } }],
  ])("when the person %s, nothing is begun and the model is told so", async (_, answer) => {
    client.answers(answer);
    client.shown.length = 0;
    const refused = await execute(client, seedOf(`echo ${era}`));
    expect(client.shown).toHaveLength(1);
    expect(errorOf(refused)).toMatchObject({ code: "not_agreed", commands: [`echo ${era}`, "npm test"] });
    expect(approvalsOf(client)).toEqual([]);
    expect(existsSync(join(ourFolder(client).home, "seeds"))).toBe(false);
  });

  test("when the person says yes to the commands they were shown, the same call begins the run", async () => {
    const seed = seedOf("test -e made.txt");
    client.answers({ action: "accept", content: { choice: YES } });
    client.shown.length = 0;
    const begun = await execute(client, seed);
    expect(begun.structuredContent).toMatchObject({ outcome: "started", status: "running", steps_total: 2 });
    expect(client.shown).toHaveLength(1);
    const [form] = client.shown;
    for (const part of ['"A list of words"', "1. test -e made.txt\n2. npm test"]) expect(form?.message).toContain(part);
    expect(form?.requestedSchema.properties).toEqual({
      choice: expect.objectContaining({ enum: [YES, "Do not run them"] }),
    });
    expect(approvalsOf(client)).toEqual(["run", "seed"]);
  });

  test("a form shows every command or is not shown: what does not fit is for a terminal", async () => {
    client.answers({ action: "accept", content: { choice: YES } });
    client.shown.length = 0;
    const refused = await execute(client, seedOf(`true ${"x".repeat(5_000)}; rm -rf ~`));
    expect(client.shown).toEqual([]);
    expect(errorOf(refused)).toMatchObject({ code: "needs_approval" });
  });
});

test("a resume needs no second word, and a new one when it was taken back or the seed has changed", async () => {
  await using client = await connectClient("v2, 2026", { form: {} });
  mkdirSync(join(client.home, "project"));
  client.answers({ action: "accept", content: { choice: YES } });
  const { structuredContent } = await execute(client, seedOf("test -e made.txt"));
  const { session_id } = structuredContent ?? {};
  stopWork(ourFolder(client));
  client.answers({ action: "decline" });
  client.shown.length = 0;
  const resumed = await client.call("ouroboros_resume_session", { session_id });
  expect(resumed.structuredContent).toMatchObject({ outcome: "resumed", session_id });
  expect(client.shown).toEqual([]);
  stopWork(ourFolder(client));
  const changed = await execute(client, seedOf("test -e made.txt; echo more"));
  expect(errorOf(changed)).toMatchObject({ code: "not_agreed" });
  expect(client.shown).toHaveLength(1);
  rmSync(join(ourFolder(client).home, "approvals"), { recursive: true });
  const again = await client.call("ouroboros_resume_session", { session_id });
  expect(errorOf(again)).toMatchObject({ code: "not_agreed" });
  expect(client.shown).toHaveLength(2);
});

test("a yes to another seed, or to another question altogether, is no yes to this one", async () => {
  const home = mkdtempSync(join(tmpdir(), "ouroboros-trust-"));
  try {
    // Of its context it needs the home and the policy, and no store.
    const context = { home, consent: "ask" } as SessionContext;
    const ask = (command: string) => seedConsent(context, seedOf(command));
    const first = await withConsent({ context }, () => ask("echo one"));
    if (!("asks" in first) || !first.asks) throw new Error("Nobody is asked");
    const { state } = first.asks;
    for (const [said, command] of [
      [state, "echo two"],
      [JSON.stringify({ session_id: "interview_1", round: 1 }), "echo one"],
    ] as const) {
      const again = await withConsent({ context, said: { state: said, answer: YES } }, () => ask(command));
      expect(again).toMatchObject({ code: "needs_approval", asks: { isClosed: true } });
    }
    expect(await withConsent({ context, said: { state, answer: YES } }, () => ask("echo one"))).toEqual({
      agreed: true,
    });
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("a client that shows none gets the commands and what the person runs to agree; nothing that a model sends is a yes", async () => {
  await using client = await connectClient("v2, 2026", { url: {} });
  mkdirSync(join(client.home, "project"));
  const seed = seedOf("echo one");
  const refused = await execute(client, seed);
  expect(client.shown).toEqual([]);
  const { code, seed_hash, next } = errorOf(refused);
  expect([code, textOf(refused)]).toEqual(["needs_approval", expect.stringContaining("[1] echo one [2] npm test")]);
  expect(next).toContain("`ouroboros approve seed_words` in a terminal");
  const state = JSON.stringify({ agree_to_seed: seed_hash });
  const response = { answer: { action: "accept", content: { choice: YES } } };
  for (const tried of [
    { approve: true, approve_checks: true, yes: true, force: true },
    { consent: { checks: "always" }, said: { state, answer: YES } },
    { requestState: state, inputResponses: response },
    { _meta: { requestState: state, inputResponses: response } },
  ]) {
    expect(errorOf(await execute(client, seed, tried))).toMatchObject({ code: "needs_approval" });
  }
  const byFile = join(client.home, "project", "seed.json");
  writeFileSync(byFile, seed.replace("seed_words", "seed_file"));
  const other = await client.call(EXECUTE, { seed_path: byFile, cwd: join(client.home, "project"), runtime: "host" });
  expect(errorOf(other).next).toContain("`ouroboros approve seed_file` in a terminal");
  expect(approvalsOf(client)).toEqual([]);
  const { structuredContent } = await client.call("ouroboros_resume_session", {});
  expect(structuredContent).toMatchObject({ sessions: [] });
});

function seedOf(command: string): string {
  const acceptance_criteria = [
    { description: "It counts words", verify_command: command },
    { description: "Its tests pass", verify_command: "npm test" },
  ];
  return JSON.stringify({ goal: "A list of words", acceptance_criteria, metadata: { seed_id: "seed_words" } });
}

function execute(client: ConnectedClient, seed: string, more: object = {}): Promise<CallResult> {
  const cwd = join(client.home, "project");
  return client.call(EXECUTE, { seed_content: seed, cwd, runtime: "host", ...more });
}

function ourFolder({ home }: ConnectedClient): { readonly home: string } {
  return { home: join(home, ".ouroboros") };
}

/** The kinds of what was agreed to. */
function approvalsOf(client: ConnectedClient): string[] {
  try {
    const names = readdirSync(join(ourFolder(client).home, "approvals"));
    return names.map((name) => name.replace(/-.*/, "")).sort();
  } catch {
    return [];
  }
}

function errorOf(result: CallResult): Record<string, unknown> {
  const { _meta } = result as { _meta?: Record<string, Record<string, unknown>> };
  expect([result.isError, textOf(result)]).toEqual([true, expect.any(String)]);
  return _meta?.["ouroboros/error"] ?? {};
}

function textOf({ content }: CallResult): string {
  return content.map(({ text }) => text ?? "").join("\n");
}

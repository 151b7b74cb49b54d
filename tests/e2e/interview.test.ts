import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { marked, until } from "../support/agent-processes.ts";
import { claudePrint } from "./support/claude.ts";
import { hasClient } from "./support/clients.ts";
import { openModelApi } from "./support/fake-model-api.ts";
import { openInterviewClient, type PersonsReply } from "./support/interview-client.ts";
import { countsOf, eventsOfInterview, readOnlySeed } from "./support/interview-record.ts";
import { FIRST, goTheRoad, INTERVIEW_ID, nextCall, type RoadCall, toldBy } from "./support/interview-road.ts";
import { STORY, TURNS } from "./support/interview-story.ts";
import type { RpcServer } from "./support/json-rpc-client.ts";
import type { Step } from "./support/model-step.ts";
import {
  BINARY,
  type CallAnswer,
  callTool,
  errorOf,
  handshake,
  resultOf,
  startOuroboros,
  untilPhase,
} from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { openSandbox } from "./support/sandbox.ts";
import type { ServerEntry } from "./support/server-entry.ts";
import { openTemporaryFolder } from "./support/temporary-folder.ts";

setDefaultTimeout(60_000);

const SERVER: ServerEntry = { name: "ouroboros", command: BINARY, args: ["mcp", "serve"], env: {} };
const THINKER = join(import.meta.dirname, "../fixtures/agents/minds/thinker.ts");
/** A program that thinks is started for every question, on a machine that may be busy. */
const LONG_MS = 45_000;
const ERAS = [
  ["v1", "2025-11-25"],
  ["v2", "2026-07-28"],
] as const;
/** What stands in the store at the end of the story, whoever went through it and however often anybody died. */
const WHOLE_STORY = {
  "interview.started": 1,
  "interview.question.asked": STORY.length,
  "interview.response.recorded": STORY.length,
  "interview.scored": TURNS,
  "interview.completed": 1,
  "interview.seeded": 1,
  "llm.call.requested": TURNS + 1,
  "llm.call.returned": TURNS + 1,
};

describe.each(ERAS)("an interview by the %s client (%s) that plays the host", (mode, protocolVersion) => {
  const sdk = realPart(`SDK client ${mode}`, hasClient(mode === "v1" ? "sdk-v1" : "sdk-v2"));

  sdk("without forms: the person's answers come as arguments, and a seed follows", async () => {
    await using sandbox = await openSandbox();
    await using client = await openInterviewClient(mode, sandbox, SERVER);
    expect(client.protocolVersion).toBe(protocolVersion);
    const names = await goTheRoad(async ({ name, arguments: args }) => {
      const { answer, asked } = await client.call(name, args);
      expect(asked).toEqual([]);
      return answer;
    });
    expect(names).toHaveLength(1 + TURNS + STORY.length + 2);
    expectWholeStory(sandbox.home);
  });

  sdk(
    "with forms: a suggestion is picked, own words go before it, and who declines is asked by the model",
    async () => {
      await using sandbox = await openSandbox();
      const [teas, place, , cups] = STORY;
      const said: PersonsReply[] = [
        { action: "accept", content: { choice: teas.answer } },
        { action: "accept", content: { choice: place.offer[0], answer: place.answer } },
        { action: "decline" },
        { action: "accept", content: { choice: cups.answer } },
      ];
      await using client = await openInterviewClient(mode, sandbox, SERVER, said);
      const forms: { message: string; choices: readonly string[] | undefined }[] = [];
      const names = await goTheRoad(async ({ name, arguments: args }) => {
        const { answer, asked } = await client.call(name, args);
        forms.push(
          ...asked.map(({ message, requestedSchema }) => ({
            message,
            choices: requestedSchema.properties.choice?.enum,
          })),
        );
        return answer;
      });
      expect(forms).toEqual(STORY.map(({ ask, offer }) => ({ message: ask, choices: [...offer, "[decide_later]"] })));
      // Start, a submission each turn and for the seed, the answer that came as an argument, and the seed.
      expect(names.filter((name) => name === "ouroboros_interview")).toHaveLength(2);
      expect(names).toHaveLength(2 + TURNS + 2);
      expectWholeStory(sandbox.home);
    },
  );
});

describe("Claude Code", () => {
  realPart("claude", hasClient("claude"))(
    "holds the whole interview in one headless run, with its model thinking",
    async () => {
      await using sandbox = await openSandbox();
      await using model = await openModelApi(({ turnsTaken, toolResults }) =>
        Array.from({ length: turnsTaken + 1 }, () => nextStep(toolResults.at(-1))),
      );
      const { code, stderr, events } = await claudePrint(sandbox, SERVER, model.url);
      expect(code, stderr).toBe(0);
      expect(events.findLast(({ type }) => type === "result")).toMatchObject({
        result: "It is written",
        permission_denials: [],
      });
      // Without a screen it says that it can show forms, and cancels each: every question reaches its model.
      const told = model.requests.at(-1)?.toolResults.join("\n");
      for (const { ask } of STORY) expect(told).toContain(ask);
      expectWholeStory(sandbox.home);
    },
  );
});

describe("an interview whose server is killed after every step", () => {
  test("loses no answer, doubles no round and asks no mind twice, though every call is made again", async () => {
    await using home = await openTemporaryFolder();
    const names = await goTheRoad(async (next) => {
      const lost = await diesAfter(home.path, next);
      const written = countsOf(eventsOfInterview(home.path));
      // The host never saw that answer: it makes the same call again, of a server that remembers nothing.
      const answer = await diesAfter(home.path, next);
      expect(countsOf(eventsOfInterview(home.path))).toEqual(written);
      if (next === FIRST) {
        expect(errorOf(answer)).toMatchObject({ code: "interview_exists", session_id: INTERVIEW_ID });
        return lost;
      }
      expect(nextCall(toldBy(answer))).toEqual(nextCall(toldBy(lost)));
      return answer;
    });
    expect(names).toHaveLength(1 + TURNS + STORY.length + 2);
    expectWholeStory(home.path);
  });
});

describe("an interview for which a command thinks", () => {
  test("goes to a seed without asking the host; a bad answer is repaired, a failed one costs nobody an answer", async () => {
    await using given = await givenThinker();
    const [first] = STORY;
    {
      await using server = await given.start();
      expect(toldBy(await callTool(server, FIRST.name, FIRST.arguments, LONG_MS))).toMatchObject({
        status: "question",
        round: 1,
      });
      // Each does this once: one that is killed is asked again, one that says that it failed is not.
      for (const misdeed of ["killed", "fails", "invents"]) writeFileSync(join(given.folder, misdeed), "");
      const answer = { session_id: INTERVIEW_ID, round: 1, answer: first.answer };
      const refused = errorOf(await callTool(server, FIRST.name, answer, LONG_MS));
      expect(refused).toMatchObject({ code: "mind_unavailable", session_id: INTERVIEW_ID, recoverable: true });
    }
    await using server = await given.start();
    const names = await goTheRoad(({ name, arguments: args }) =>
      callTool(server, name, args === FIRST.arguments ? { session_id: INTERVIEW_ID } : args, LONG_MS),
    );
    expect(names).not.toContain("ouroboros_submit");
    expect(given.asked()).toEqual([
      "interview.turn 0",
      "interview.turn 1",
      "interview.turn 1",
      "interview.turn 1",
      "interview.turn 1 repair",
      "interview.turn 2",
      "interview.turn 3",
      "interview.turn 4",
      "seed.draft 4",
    ]);
    // The call that was given up is on record as well.
    expectWholeStory(given.home, { "llm.call.requested": TURNS + 2, "llm.call.returned": TURNS + 2 });
  });

  test("that is slow, it goes on behind the call's back, and the next call gets what it has found out", async () => {
    await using given = await givenThinker();
    const held = given.hold();
    await using server = await given.start({ _OUROBOROS_CALL_PATIENCE_MS: "300" });
    const ask = async (args: object) => toldBy(await callTool(server, FIRST.name, args, LONG_MS));
    expect(await ask(FIRST.arguments)).toMatchObject({ status: "needs_turn", session_id: INTERVIEW_ID });
    expect(await ask({ session_id: INTERVIEW_ID })).toMatchObject({ status: "needs_turn" });
    // Opening the pipe to write waits for the mind to be reading it.
    await writeFile(held, "go on");
    let told = await ask({ session_id: INTERVIEW_ID });
    while (told.status === "needs_turn") told = await ask({ session_id: INTERVIEW_ID });
    expect(told).toMatchObject({ status: "question", round: 1 });
    expect(given.asked()).toEqual(["interview.turn 0"]);
    expect(countsOf(eventsOfInterview(given.home))).toMatchObject({ "llm.call.requested": 1, "interview.scored": 1 });
  });

  test("ends with the server that was killed meanwhile, and the next one asks it anew", async () => {
    await using given = await givenThinker();
    const held = given.hold();
    {
      await using server = await given.start({ _OUROBOROS_CALL_PATIENCE_MS: "300" });
      await callTool(server, FIRST.name, FIRST.arguments, LONG_MS);
      await until(() => given.asked().length === 1, "the mind is at it");
      server.kill("SIGKILL");
      await until(() => marked("HOME", given.home).length === 0, "the mind and its guard are gone");
    }
    rmSync(held);
    await using server = await given.start();
    const told = toldBy(await callTool(server, FIRST.name, { session_id: INTERVIEW_ID }, LONG_MS));
    expect(told).toMatchObject({ status: "question", round: 1 });
    expect(given.asked()).toEqual(["interview.turn 0", "interview.turn 0"]);
  });
});

test("a client of the newer era may call a tool before anything else", async () => {
  await using home = await openTemporaryFolder();
  await using server = startOuroboros({ home: home.path });
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const reply = await server.request<CallAnswer>("tools/call", { ...FIRST, _meta });
  expect(toldBy(resultOf(reply))).toMatchObject({ status: "needs_host", session_id: INTERVIEW_ID });
});

test("what the binary offers costs a conversation at most 5,000 tokens, and the interview is there from its start", async () => {
  await using home = await openTemporaryFolder();
  await using server = startOuroboros({ home: home.path });
  await handshake(server);
  const { tools } = resultOf(await server.request<{ tools: { name: string; _meta?: object }[] }>("tools/list"));
  expect(JSON.stringify(tools).length / 4).toBeLessThanOrEqual(5_000);
  const interview = tools.find(({ name }) => name === "ouroboros_interview");
  expect(interview?._meta).toMatchObject({ "anthropic/alwaysLoad": true });
});

/** What the scripted model of an agent does next, by what our tools last told it. */
function nextStep(told: string | undefined): Step {
  const next = told === undefined ? FIRST : nextCall(JSON.parse(told));
  return next ? { tool: `mcp__ouroboros__${next.name}`, input: next.arguments } : { text: "It is written" };
}

function expectWholeStory(home: string, besides: object = {}): void {
  const events = eventsOfInterview(home);
  expect(countsOf(events)).toEqual({ ...WHOLE_STORY, ...besides });
  const said = events.filter(({ event_type }) => event_type === "interview.response.recorded");
  expect(said.map(({ payload }) => payload.response)).toEqual(STORY.map(({ answer }) => answer));
  const { seed, uncited } = readOnlySeed(home);
  expect(seed.acceptance_criteria).toHaveLength(2);
  expect(uncited).toEqual([]);
  expect(seed.metadata.ambiguity_score).toBeLessThanOrEqual(0.2);
}

/** One call of a server that is killed once it has answered. */
async function diesAfter(home: string, { name, arguments: args }: RoadCall): Promise<CallAnswer> {
  await using server = await readyServer(home);
  const answer = await callTool(server, name, args);
  server.kill("SIGKILL");
  expect(await server.exited).toMatchObject({ signal: "SIGKILL" });
  return answer;
}

async function readyServer(home: string, env: Readonly<Record<string, string>> = {}): Promise<RpcServer> {
  const server = startOuroboros({ home, env });
  await handshake(server);
  await untilPhase(server, ["settled"]);
  return server;
}

/** A home in whose configuration a program of ours thinks, and what it has been asked. */
async function givenThinker() {
  const sandbox = await openSandbox();
  const { home, env } = sandbox;
  const folder = join(home, "thinker");
  mkdirSync(folder);
  mkdirSync(join(home, ".ouroboros"));
  const runtimes = { thinker: { command: [process.execPath, THINKER, folder] } };
  const config = { runtimes, minds: { standard: "thinker", deep: "thinker" } };
  writeFileSync(join(home, ".ouroboros/config.yaml"), JSON.stringify(config));
  return {
    home,
    folder,
    asked: () => linesOf(join(folder, "calls")),
    /** From now on it waits until somebody writes into this pipe. */
    hold() {
      const pipe = join(folder, "held");
      expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
      return pipe;
    },
    start: (more: Readonly<Record<string, string>> = {}) => readyServer(home, { ...env, ...more }),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openStore } from "../../src/store/open-store.ts";
import { createOrder } from "../../src/store/orders/work-orders.ts";
import { type OrderBody, readOrder } from "../../src/store/orders/work-rows.ts";
import { openModelServer } from "../minds/support/model-server.ts";
import { callTool, errorOf, handshake, startOuroboros, untilPhase } from "./support/ouroboros-server.ts";
import { openTemporaryFolder, type TemporaryFolder } from "./support/temporary-folder.ts";

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dirname, "../..");
const KEY = "sk-PLANTED-4e1c77aa02";
const RESULT = { question: "Who will use it?" };
const BODY: OrderBody = {
  scope: { aggregateType: "interview", aggregateId: "interview_1" },
  role: "standard",
  instructions: "Ask.",
  input: "A wish",
  answer_schema: { type: "object", properties: { question: { type: "string" } }, required: ["question"] },
  continuation: { tool: "ouroboros_query_events", arguments: { event_type: "llm.call.returned" } },
};

describe("work for the host, through the binary", () => {
  test("a result is checked, kept and carried on, and a server that was killed has forgotten nothing", async () => {
    await using home = await openTemporaryFolder();
    const work_id = await makeOrder(home, BODY);
    {
      await using server = await start(home);
      const bad = errorOf(await callTool(server, "ouroboros_submit", { work_id, result: { question: 7 } }));
      expect(bad).toMatchObject({ code: "bad_result", faults: ["question: must be string"] });
      expect(errorOf(await callTool(server, "ouroboros_submit", { work_id })).code).toBe("bad_arguments");
      const { structuredContent, content } = await callTool(server, "ouroboros_submit", { work_id, result: RESULT });
      expect(structuredContent).toMatchObject({
        outcome: "accepted",
        tool: "ouroboros_query_events",
        answer: { total_events: 1 },
      });
      expect(content[0]?.text).toContain("ouroboros_query_events goes on");
      server.kill("SIGKILL");
      await server.exited;
    }
    await using server = await start(home);
    const again = await callTool(server, "ouroboros_submit", { work_id, result: RESULT });
    expect(again.structuredContent).toMatchObject({ outcome: "already_accepted", answer: { total_events: 1 } });
    const other = errorOf(await callTool(server, "ouroboros_submit", { work_id, result: { question: "Why?" } }));
    expect(other.code).toBe("already_answered");
    expect(server.impureLines()).toEqual([]);
  });

  test("of two windows that submit at once, one is accepted and the other one hears of it", async () => {
    await using home = await openTemporaryFolder();
    const work_id = await makeOrder(home, BODY);
    await using one = await start(home);
    await using two = await start(home);
    const answers = await Promise.all(
      [one, two, one, two].map((server, at) =>
        callTool(server, "ouroboros_submit", { work_id, result: { question: `from ${at}` } }),
      ),
    );
    const accepted = answers.filter(({ structuredContent }) => structuredContent?.outcome === "accepted");
    expect(accepted).toHaveLength(1);
    const others = answers.filter(({ isError }) => isError).map((answer) => errorOf(answer).code);
    expect(others).toEqual(["already_answered", "already_answered", "already_answered"]);
  });

  test("what cannot go on here is said, and the result counts all the same", async () => {
    await using home = await openTemporaryFolder();
    const work_id = await makeOrder(home, { ...BODY, continuation: { tool: "ouroboros_gone", arguments: {} } });
    {
      await using server = await start(home);
      const error = errorOf(await callTool(server, "ouroboros_submit", { work_id, result: RESULT }));
      expect(error).toMatchObject({ code: "unknown_tool", outcome: "accepted", work_id });
    }
    await using store = await open(home);
    expect((await readOrder(store, work_id))?.result?.value).toEqual(RESULT);
  });
});

const WIRES = ["anthropic", "openai", "google", "openai-compatible"] as const;
const DENO = ["run", "-A", "--no-config", "--no-lock", "--node-modules-dir=manual", "--cached-only"];
const ASK = join(ROOT, "tests/fixtures/minds/ask-model.ts");

describe.each(["compiled", "under Deno"])("the providers' SDKs %s", (how) => {
  let folder: TemporaryFolder;
  let command: readonly string[];

  beforeAll(async () => {
    folder = await openTemporaryFolder();
    const outfile = join(folder.path, "ask-model");
    command = how === "compiled" ? [outfile] : [join(ROOT, "node_modules/deno/deno"), ...DENO, ASK];
    if (how !== "compiled") return;
    const built = await run([process.execPath, "run", "build.ts", "--entry", ASK, "--outfile", outfile], ROOT, {
      ...process.env,
    });
    if (built.code !== 0) throw new Error(built.output);
  });

  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  test.each(WIRES)("answer over the %s wire, say nothing else, and show the key to nobody", async (wire) => {
    await using model = await openModelServer([{ status: 503, message: KEY }, { says: `So: {"sum":4} (${KEY})` }]);
    // The key is in no argument: those are for everybody on the machine to read.
    const env = { PATH: process.env.PATH, HOME: folder.path, MODEL_KEY: KEY };
    const { code, output } = await run([...command, wire, model.url], folder.path, env);
    expect(output).not.toContain("PLANTED");
    expect({ code, answer: JSON.parse(output) }).toMatchObject({
      code: 0,
      answer: { status: "answered", value: { sum: 4 }, attempts: 2, by: { mind: "somebody/m1", model: "m1" } },
    });
    expect(JSON.stringify(model.requests.map(({ headers }) => headers))).toContain(KEY);
  });
});

async function makeOrder(home: TemporaryFolder, body: OrderBody): Promise<string> {
  await mkdir(join(home.path, ".ouroboros"), { recursive: true });
  await using store = await open(home);
  return (await createOrder(store, "interview.next", body)).work_id;
}

function open(home: TemporaryFolder) {
  const path = join(home.path, ".ouroboros/ouroboros.db");
  return openStore({ kind: "file", path, createFolder: true }, { readOnly: false, create: true });
}

async function start(home: TemporaryFolder) {
  const server = startOuroboros({ home: home.path });
  await handshake(server);
  await untilPhase(server, ["settled"]);
  return server;
}

async function run([program = "", ...args]: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject);
  child.on("close", resolve);
  return { code: await promise, output };
}

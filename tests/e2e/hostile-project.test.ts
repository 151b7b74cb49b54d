import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeStore } from "../../scripts/make-store.ts";
import { until } from "../support/agent-processes.ts";
import { interrupted, writeRows } from "../support/interrupted-session.ts";
import { QUIET } from "./support/claude.ts";
import { clientProgram, hasClient } from "./support/clients.ts";
import { codexConfiguration } from "./support/codex.ts";
import { type FakeModelApi, openModelApi } from "./support/fake-model-api.ts";
import { hostilePath, layTraps } from "./support/hostile-project.ts";
import type { Step } from "./support/model-step.ts";
import { BINARY, callTool, handshake, startOuroboros, untilPhase } from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { openRuns } from "./support/runs.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";

setDefaultTimeout(180_000);

/** The folder people work in, inside a checkout; traps lie in both. */
interface Place extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly folder: string;
  /** What the traps have written; empty as long as none of them was sprung. */
  sprung(): string;
  /** Each start of a program the user has installed: which, where, with which arguments and environment. */
  starts(): string[];
  run(
    args: readonly string[],
    env?: Record<string, string>,
  ): Promise<{ code: number | null; stdout: string; stderr: string }>;
  readonly env: Readonly<Record<string, string>>;
}

/** What the user has installed: an agent says what it was started as, and that through programs it finds by name. */
const SAYS = `record=$(echo "== $0 $*"; pwd; env | sort)
printf '%s\\n' "$record" >>"$HOME/starts"
git >/dev/null 2>&1
sh -c :`;
const CLAUDE = `case "$*" in *--version*) echo "2.9.1 (Claude Code)"; exit;; esac
read -r _
echo '{"type":"system","subtype":"init","session_id":"h","model":"small"}'
echo '{"type":"result","subtype":"success","is_error":false,"result":"done","structured_output":{"answer":"four"},"session_id":"h"}'
while read -r _; do :; done`;
const CODEX = `case "$*" in *--version*) echo "codex-cli 0.99.0"; exit;; *"login status"*) exit 0;; *"mcp list"*) echo "[]"; exit;; esac
cat >/dev/null
echo '{"type":"thread.started","thread_id":"h"}'
echo '{"type":"item.completed","item":{"id":"i","type":"agent_message","text":"{\\"answer\\":\\"four\\"}"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":7,"output_tokens":3}}'`;

describe("a project that wants to decide what is run", () => {
  test("runtimes, ask, run, and a resume over MCP start the same in it as in a clean one, and spring no trap", async () => {
    const { clean, hostile } = await inBoth(everything);
    expect(hostile.sprung).toBe("");
    expect(hostile.told).toEqual(clean.told);
    expect(hostile.starts).toEqual(clean.starts);
    // The comparison is one of something: each of the three runs, both questions and all probes.
    expect(clean.starts).toHaveLength(12);
    const resumed = clean.starts.filter((start) => /^OUROBOROS_STEP=[235]$/m.test(start));
    expect(resumed).toHaveLength(3);
    expect(clean.told).toMatchObject({ work: "claude", answers: ["four", "four"], runs: Array(3).fill("completed") });
  });

  test("is not searched for programs where the search path names nothing else", async () => {
    await using place = await openPlace("hostile");
    const script = 'cat >/dev/null; git --version >/dev/null 2>&1; sh -c :; echo "PATH is $PATH"';
    const config = { runtimes: { whole: { command: ["/bin/sh", "-c", script] } } };
    writeFileSync(join(place.sandbox.home, ".ouroboros/config.yaml"), JSON.stringify(config));
    const path = hostilePath(place.folder, place.sandbox.project, ".");
    await ok(place.run(["run", oneStep(place.sandbox), "--in-place", "--wait"], { PATH: path }));
    const { stdout } = await ok(place.run(["events", "--json"]));
    expect(stdout).toContain("PATH is /usr/bin:/bin");
    expect(place.sprung()).toBe("");
  });

  test("traps do spring where they are walked into", async () => {
    await using place = await openPlace("hostile");
    await place.sandbox.run(join(place.folder, "claude"), []);
    expect(place.sprung()).toContain("program ./claude");
  });
});

describe("with real agents", () => {
  const claude = realPart("claude", hasClient("claude"));
  claude("its hooks do run for whoever starts Claude Code there by hand", async () => {
    await using place = await openPlace("hostile");
    await using model = await openModelApi([{ text: "done" }]);
    await place.sandbox.run(clientProgram("claude"), ["-p", "Say how it is"], { env: setClaude(place, model) });
    expect(place.sprung()).toContain("hook:SessionStart");
  });

  for (const { client, set, answers } of [
    {
      client: "claude",
      set: setClaude,
      answers: [{ tool: "StructuredOutput", input: { answer: "four" } }, { text: "told" }],
    },
    { client: "codex", set: setCodex, answers: [{ text: '{"answer":"four"}' }] },
  ] as const) {
    const real = realPart(client, hasClient(client));
    real(`${client} runs and thinks in it without its hooks, servers, settings and programs`, async () => {
      const { clean, hostile } = await inBoth((kind) => withReal(kind, client, set, answers));
      expect(hostile.sprung).toBe("");
      expect(clean).toMatchObject({ status: "completed", answer: "four" });
      expect(hostile).toEqual(clean);
    });
  }
});

type Kind = "clean" | "hostile";

/** The same in both at once; what goes wrong in one is told when the other is over, too, and both are tidied up. */
async function inBoth<Seen>(see: (kind: Kind) => Promise<Seen>): Promise<{ clean: Seen; hostile: Seen }> {
  const seen = [see("clean"), see("hostile")] as const;
  await Promise.allSettled(seen);
  return { clean: await seen[0], hostile: await seen[1] };
}

async function everything(kind: Kind) {
  await using place = await openPlace(kind);
  const { sandbox } = place;
  const session = interrupted("parallel", { done: [0, 3], cwd: place.folder });
  const store = join(sandbox.home, ".ouroboros/ouroboros.db");
  makeStore({ out: store, events: 50, sessions: 1 });
  writeRows(store, session.rows);
  await using runs = await openRuns({ ...sandbox, project: place.folder });
  writeFileSync(join(sandbox.home, ".ouroboros/config.yaml"), "orchestrator: { runtime_backend: claude }\n", {
    flag: "a",
  });

  const runtimes = JSON.parse((await ok(place.run(["runtimes", "--json"]))).stdout);
  const answers: string[] = [];
  for (const mind of ["claude", "codex"]) {
    const { stdout } = await ok(place.run(["ask", "What is 2 + 2?", "--mind", mind, "--json"]));
    answers.push(JSON.parse(stdout).answer.answer);
  }
  const ran: string[] = [];
  for (const runtime of ["little", "claude", "codex"]) {
    const { stdout } = await ok(
      place.run(["run", oneStep(sandbox), "--runtime", runtime, "--in-place", "--wait", "--json"]),
    );
    ran.push(JSON.parse(stdout).status);
  }

  await using server = startOuroboros({ home: sandbox.home, cwd: place.folder, env: place.env });
  await handshake(server);
  await untilPhase(server, ["settled"]);
  const { session_id, seed } = session;
  const args = { session_id, seed_content: seed, cwd: place.folder };
  const answer = await callTool(server, "ouroboros_resume_session", args);
  expect(answer.isError, JSON.stringify(answer)).toBeFalsy();
  runs.owner(session_id);
  await until(() => runs.statusOf(session_id) === "completed", "the resumed run has completed");

  const told = {
    runtimes: runtimes.runtimes.map((one: object) => plain(place, JSON.stringify(one))),
    work: runtimes.picks.work.name,
    minds: plain(place, JSON.stringify(runtimes.picks.minds)),
    answers,
    runs: ran,
  };
  return { sprung: place.sprung(), starts: place.starts(), told };
}

async function openPlace(kind: Kind): Promise<Place> {
  const sandbox = await openSandbox();
  const root = sandbox.project;
  const folder = join(root, "packages/one");
  const programs = join(sandbox.home, "programs");
  const mark = join(sandbox.home, "sprung");
  for (const path of [
    join(folder, "node_modules/.bin"),
    programs,
    join(root, ".git"),
    join(sandbox.home, ".ouroboros"),
  ]) {
    mkdirSync(path, { recursive: true });
  }
  writeFileSync(join(root, ".git/HEAD"), "ref: refs/heads/main\n");
  for (const [name, script] of [
    ["claude", CLAUDE],
    ["codex", CODEX],
  ] as const) {
    writeFileSync(join(programs, name), `#!/bin/sh\n${SAYS}\n${script}\n`, { mode: 0o755 });
  }
  if (kind === "hostile") for (const at of [root, folder]) layTraps(at, mark);
  // An entry of the user's own that the project has made lead into itself.
  symlinkSync(join(folder, "node_modules"), join(sandbox.home, "linked"));
  const after = [join(sandbox.home, "linked/.bin"), programs, "/usr/local/bin", "/usr/bin", "/bin"].join(":");
  const env = { ...sandbox.env, PATH: hostilePath(folder, root, after) };
  const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
  const place: Place = {
    sandbox,
    folder,
    env,
    sprung: () => read(mark),
    // Probes are made at once: their order says nothing.
    starts: () =>
      plain(place, read(join(sandbox.home, "starts")))
        .split(/^== /m)
        .slice(1)
        .toSorted(),
    run: (args, more = {}) => runIn(sandbox, folder, args, { ...env, ...more }),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
  return place;
}

/** `env -C` keeps the sandbox's own way of running things, in a folder below the project. */
async function runIn(sandbox: Sandbox, folder: string, args: readonly string[], env: Record<string, string>) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return await sandbox.run("/usr/bin/env", ["-C", folder, "-i", ...variables, BINARY, ...args], { limit: 120_000 });
}

async function ok<Ran extends { code: number | null; stdout: string; stderr: string }>(
  ran: Promise<Ran>,
): Promise<Ran> {
  const done = await ran;
  expect(done.code, `${done.stderr}\n${done.stdout}`).toBe(0);
  return done;
}

function oneStep({ home }: Sandbox): string {
  const path = join(home, "seed.yaml");
  writeFileSync(path, "goal: one small thing\nacceptance_criteria:\n- It is there\nmetadata:\n  seed_id: seed_one\n");
  return path;
}

/** Without what differs from run to run: places, ids and times. */
function plain({ sandbox }: Place, text: string): string {
  return text
    .replaceAll(sandbox.home, "<home>")
    .replaceAll(/\b(orch|exec|job)_\w+/g, "<id>")
    .replaceAll(/\/ouroboros-(mind|codex)-\w+/g, "/<temporary>")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<uuid>");
}

async function withReal(
  kind: Kind,
  client: "claude" | "codex",
  set: (place: Place, model: FakeModelApi) => Record<string, string>,
  answers: readonly Step[],
) {
  await using place = await openPlace(kind);
  const { sandbox } = place;
  writeFileSync(join(sandbox.home, ".ouroboros/config.yaml"), `runtimes: ${JSON.stringify(programOf(client))}\n`);
  await using working = await openModelApi([{ text: "done" }]);
  const run = await place.run(
    ["run", oneStep(sandbox), "--runtime", "real", "--in-place", "--wait", "--json"],
    set(place, working),
  );
  await using thinking = await openModelApi(answers);
  const asked = await place.run(["ask", "What is 2 + 2?", "--mind", "real", "--json"], set(place, thinking));
  expect([run.code, asked.code], `${run.stderr}\n${run.stdout}\n${asked.stderr}\n${asked.stdout}`).toEqual([0, 0]);
  const requests = [...working.requests, ...thinking.requests];
  return {
    sprung: place.sprung(),
    status: JSON.parse(run.stdout).status,
    answer: JSON.parse(asked.stdout).answer.answer,
    models: requests.map(({ model }) => model),
    tools: requests.map(({ offered }) => offered.toSorted()),
  };
}

function programOf(client: "claude" | "codex") {
  const program = clientProgram(client);
  // Codex's program is a script of Node's, which is looked for like every other program.
  return { real: { kind: client, command: client === "codex" ? ["node", program] : [program], env: ["MODEL_KEY"] } };
}

function setClaude(_: Place, { url }: FakeModelApi): Record<string, string> {
  return { ...QUIET, ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: "no-key", CLAUDE_CODE_MAX_RETRIES: "0" };
}

function setCodex({ sandbox }: Place, { url }: FakeModelApi): Record<string, string> {
  const folder = join(sandbox.home, ".codex");
  mkdirSync(folder, { recursive: true });
  const text = codexConfiguration({ name: "other", command: "/bin/true", args: [], env: {} }, url);
  writeFileSync(join(folder, "config.toml"), text);
  return { MODEL_KEY: "no-key" };
}

import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { openModelServer } from "../minds/support/model-server.ts";
import { marked, until } from "../support/agent-processes.ts";
import { BINARY, callTool, handshake, startOuroboros, untilPhase } from "./support/ouroboros-server.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";

setDefaultTimeout(120_000);

/** Planted in the environment of everything a person starts. */
const PLANTED = {
  ANTHROPIC_API_KEY: "sk-ant-PLANTED-4e1c77aa01",
  OPENAI_API_KEY: "sk-PLANTED/4e1c77+aa02==",
  MY_OTHER_SECRET: "PLANTED other 4e1c77aa03",
  OUROBOROS_DATABASE_TOKEN: "eyPLANTED.4e1c77aa04.x",
};
/** Stands in credentials.yaml. */
const STORED = "sk-PLANTED-stored-4e1c77aa05";
const SECRETS: Readonly<Record<string, string>> = { ...PLANTED, STORED };

/** What each agent is started with is written down beside the store, and said: what it says is kept. */
const DUMPS = `{ echo "argv: $0 $*"; env; } >"$HOME/dumps/$NAME.$$"
said=$(env; echo "$*")
[ -z "$OUROBOROS_STEP" ] || while [ -e "$HOME/hold" ]; do sleep 0.05; done`;
const ESCAPED = `said=$(printf '%s' "$said" | tr '\\n"\\\\' '  /')`;
const AGENTS: Readonly<Record<string, string>> = {
  little: `NAME=little\ncat >/dev/null\n${DUMPS}\necho "$said"; echo "$said" >&2`,
  passed: `NAME=passed\ncat >/dev/null\n${DUMPS}\necho "$said"; echo "$said" >&2; exit 3`,
  claude: `NAME=claude
case "$*" in *--version*) echo "2.9.1 (Claude Code)"; exit;; esac
read -r _
${DUMPS}
${ESCAPED}
echo "$said" >&2
echo '{"type":"system","subtype":"init","session_id":"h","model":"small"}'
echo "{\\"type\\":\\"assistant\\",\\"message\\":{\\"content\\":[{\\"type\\":\\"text\\",\\"text\\":\\"$said\\"}]}}"
echo "{\\"type\\":\\"result\\",\\"subtype\\":\\"success\\",\\"is_error\\":false,\\"result\\":\\"$said\\",\\"structured_output\\":{\\"answer\\":\\"$said\\"},\\"session_id\\":\\"h\\"}"
while read -r _; do :; done`,
  codex: `NAME=codex
case "$*" in *--version*) echo "codex-cli 0.99.0"; exit;; *"login status"*) exit 0;; *"mcp list"*) echo "[]"; exit;; esac
cat >/dev/null
${DUMPS}
${ESCAPED}
echo "$said" >&2
echo '{"type":"thread.started","thread_id":"h"}'
echo "{\\"type\\":\\"turn.failed\\",\\"error\\":{\\"message\\":\\"$said\\"}}"
exit 1`,
};
/** What each of them needs, and nothing else. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  little: [],
  passed: ["MY_OTHER_SECRET"],
  claude: ["ANTHROPIC_API_KEY"],
  codex: ["OPENAI_API_KEY"],
};

test("a secret is in the environment of who needs it, and in no other, no command line, log, event, blob or answer", async () => {
  await using sandbox = await openSandbox();
  await using model = await openModelServer([
    { status: 503, message: `cannot serve ${STORED}` },
    { status: 400, message: `bad request, key ${STORED}` },
  ]);
  setUp(sandbox, model.url);
  const said: string[] = [];
  const run = async (...args: string[]) => {
    const ran = await sandbox.run(BINARY, args, { env: environment(sandbox) });
    said.push(ran.stdout, ran.stderr);
    return ran;
  };

  for (const runtime of Object.keys(AGENTS)) {
    writeFileSync(join(sandbox.home, "hold"), "");
    const started = await run("run", join(sandbox.home, "seed.yaml"), "--runtime", runtime, "--in-place", "--json");
    expect(started.code, started.stderr).toBe(0);
    await until(() => dumpsOf(sandbox, runtime).length > 0, `${runtime} is at work`);
    const seen = processes(sandbox);
    expect(seen.map(({ role }) => role)).toEqual(expect.arrayContaining(["worker", "guard", "agent"]));
    expect(seen.filter(({ line }) => secretsIn(line).length > 0)).toEqual([]);
    for (const { role, has } of seen) {
      // A worker hands its agents theirs.
      if (role === "worker") expect(has.filter((name) => !MAY_BE_HANDED_ON.includes(name))).toEqual([]);
      if (role === "guard") expect(has).toEqual([]);
      if (role === "agent") expect(has).toEqual([...(NEEDS[runtime] ?? [])]);
    }
    rmSync(join(sandbox.home, "hold"));
    await until(() => processes(sandbox).length === 0, "worker, guard and agent have ended");
    const [dump = ""] = dumpsOf(sandbox, runtime);
    expect(secretsIn(dump)).toEqual([...(NEEDS[runtime] ?? [])]);
    expect(secretsIn(dump.split("\n")[0] ?? "")).toEqual([]);
  }

  for (const mind of ["claude", "codex", "near/m1"]) await run("ask", "What is 2 + 2?", "--mind", mind, "--json");
  await run("ask", "What is 2 + 2?", "--mind", "near/m1");
  for (const command of [["runtimes"], ["runtimes", "--json"], ["doctor"], ["sessions"], ["events", "--json"]])
    await run(...command);
  expect(model.requests.map(({ headers }) => headers.authorization)).toContain(`Bearer ${STORED}`);

  {
    await using server = startOuroboros({ home: sandbox.home, cwd: sandbox.project, env: environment(sandbox) });
    await handshake(server);
    await untilPhase(server, ["settled"]);
    const events = await callTool(server, "ouroboros_query_events", { limit: 100 });
    expect(JSON.stringify(events)).toContain("execution.session.completed");
    const failed = await callTool(server, "ouroboros_resume_session", { session_id: "orch_none" });
    expect(failed.isError).toBe(true);
    server.closeStdin();
    await server.exited;
    said.push(server.stderr(), ...server.lines);
  }

  expect(secretsIn(said.join("\n"))).toEqual([]);
  for (const file of readdirSync(join(sandbox.home, "dumps"))) {
    const dump = readFileSync(join(sandbox.home, "dumps", file), "utf8");
    expect(secretsIn(dump), file).toEqual([...(NEEDS[file.split(".")[0] ?? ""] ?? [])]);
  }
  const kept = everythingKept(sandbox);
  // What the agents said was kept, so that there was something to look through.
  for (const part of ["OUROBOROS_STEP=1", "[ANTHROPIC_API_KEY]", "table events", "table ouro_blob", "logs/workers"])
    expect(kept.join("\n")).toContain(part);
  expect(
    kept.filter((text) => secretsIn(text).length > 0).map((text) => [secretsIn(text), text.slice(0, 300)]),
  ).toEqual([]);
});

const MAY_BE_HANDED_ON = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "MY_OTHER_SECRET"];

function setUp({ home }: Sandbox, url: string): void {
  for (const name of ["programs", "dumps", ".ouroboros"]) mkdirSync(join(home, name));
  for (const [name, script] of Object.entries(AGENTS)) {
    writeFileSync(join(home, "programs", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const config = {
    runtimes: { little: { command: ["little"] }, passed: { command: ["passed"], env: ["MY_OTHER_SECRET"] } },
    orchestrator: { runtime_backend: "little" },
  };
  writeFileSync(join(home, ".ouroboros/config.yaml"), JSON.stringify(config));
  const credentials = { providers: { near: { api_key: STORED, base_url: url } } };
  writeFileSync(join(home, ".ouroboros/credentials.yaml"), JSON.stringify(credentials), { mode: 0o600 });
  writeFileSync(
    join(home, "seed.yaml"),
    "goal: one small thing\nacceptance_criteria:\n- It is there\nmetadata:\n  seed_id: seed_one\n",
  );
}

function environment({ home, env }: Sandbox): Record<string, string> {
  return { ...env, ...PLANTED, PATH: `${join(home, "programs")}:/usr/local/bin:/usr/bin:/bin` };
}

function dumpsOf({ home }: Sandbox, name: string): string[] {
  const folder = join(home, "dumps");
  const written = readdirSync(folder).filter((file) => file.startsWith(`${name}.`));
  // The environment ends with what the shell adds; an empty one is still being written.
  return written
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .filter((text) => text.includes("OUROBOROS_STEP="));
}

/** Every process of this sandbox: what it is, its command line, and which of the secrets it was given. */
function processes({ home }: Sandbox): { role: "worker" | "guard" | "other" | "agent"; line: string; has: string[] }[] {
  return marked("HOME", home).flatMap((pid) => {
    try {
      const [program = "", verb = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const has = secretsIn(readFileSync(`/proc/${pid}/environ`, "utf8"));
      const isOurs = basename(program) === basename(BINARY);
      const role = !isOurs ? "agent" : verb === "worker" || verb === "guard" ? verb : "other";
      return [{ role, line, has } as const];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
}

/** Names of the secrets that a text holds, in any spelling they are likely to be written in. */
function secretsIn(text: string): string[] {
  return Object.entries(SECRETS).flatMap(([name, secret]) => {
    const spellings = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), btoa(secret)];
    // In the middle of a longer text, base64 begins at any of three places; its core stays the same.
    const cores = [0, 1, 2].map((shift) => btoa("x".repeat(shift) + secret).slice(4, -4));
    return [...spellings, ...cores].some((spelling) => text.includes(spelling)) ? [name] : [];
  });
}

/** All that stays on the disk of this home, but for what the test itself has written there. */
function everythingKept({ home }: Sandbox): string[] {
  const own = ["dumps", "programs", ".ouroboros/credentials.yaml"].map((name) => join(home, name));
  const files = readdirSync(home, { recursive: true, encoding: "utf8" })
    .map((name) => join(home, name))
    .filter((path) => statSync(path).isFile() && !own.some((one) => path.startsWith(one)));
  const texts = files.map((path) => `file ${path}\n${readFileSync(path, "latin1")}`);
  return [...texts, ...rowsOf(join(home, ".ouroboros/ouroboros.db"))];
}

/** A value may lie across pages of the file. */
function rowsOf(path: string): string[] {
  expect(existsSync(path)).toBe(true);
  using store = new Database(path, { readonly: true });
  const tables = store.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.flatMap(({ name }) =>
    store
      .query<Record<string, unknown>, []>(`SELECT * FROM "${name}"`)
      .all()
      .map((row) => `table ${name}: ${Object.values(row).map(asText).join(" | ")}`),
  );
}

function asText(value: unknown): string {
  if (!(value instanceof Uint8Array)) return String(value);
  const packed = value[0] === 0x1f && value[1] === 0x8b;
  return new TextDecoder().decode(packed ? Bun.gunzipSync(Uint8Array.from(value)) : value);
}

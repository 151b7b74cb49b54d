import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** A cold file of 120 MB, on a busy machine, perhaps looked through by a virus scanner. */
const LIMIT_MS = 60_000;
const OPEN = ["ready", "settled"];

/**
 * Starts a binary in a home of its own and throws unless it is the version it should be, answers as a server and comes to
 * have a store (the addon inside was then unpacked, loaded and used), and knows how to start itself again.
 */
export async function smoke(binary: string, version: string): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "ouroboros-smoke-"));
  const kept = process.platform === "win32" ? process.env : { PATH: process.env.PATH };
  const env = { ...kept, HOME: home, USERPROFILE: home, OUROBOROS_HOME: join(home, "ouroboros") };
  const child = spawn(binary, ["mcp", "serve"], { cwd: home, env, stdio: ["pipe", "pipe", "inherit"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const ended = once(child, "close");
  try {
    await once(child, "spawn");
    child.stdin.on("error", () => {}); // a binary that dies at once is told by the missing answer
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ask = async (id: number, method: string, params: object) => {
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${binary} ended, or took too long, before it answered "${method}"`);
      return JSON.parse(value).result;
    };
    const clientInfo = { name: "smoke", version: "1" };
    const greeting = await ask(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    if (greeting?.serverInfo?.version !== version) {
      throw new Error(`${binary} should be version ${version}, and answered ${JSON.stringify(greeting)}`);
    }
    let receipt = "";
    for (let id = 2; !OPEN.includes(JSON.parse(receipt || "{}").phase); id++) {
      const { contents } = await ask(id, "resources/read", { uri: "ouroboros://startup" });
      receipt = contents[0].text;
      if (/"degraded/.test(receipt)) throw new Error(`${binary} cannot open a store: ${receipt}`);
    }
    await mustKnowItself(binary, { cwd: home, env });
  } finally {
    child.stdin.end();
    await ended;
    clearTimeout(timer);
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Workers, guards and the entries of hosts are started by this: a program that takes itself for its source would name that. */
async function mustKnowItself(binary: string, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
  const { stdout } = await promisify(execFile)(binary, ["setup", "--print", "--json"], options);
  const { launch } = JSON.parse(stdout);
  if (launch.args.join(" ") === "mcp serve") return;
  throw new Error(`${binary} does not know how to start itself: ${JSON.stringify(launch)}`);
}

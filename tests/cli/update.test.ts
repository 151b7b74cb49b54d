import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, copyFile, link, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import packageJson from "../../package.json" with { type: "json" };
import { serveRelease } from "../../scripts/release/serve-release.ts";
import { writeSums } from "../../scripts/release/sums.ts";
import { hostTarget, releaseName, type Target } from "../../scripts/release/targets.ts";
import { startServer } from "../e2e/support/json-rpc-client.ts";
import { freePort, listen, openLoopback } from "../support/loopback-server.ts";
import { BINARY, environment, finished } from "./support/ouroboros.ts";

const { version: CURRENT } = packageJson;
const FILE = releaseName(hostTarget() as Target);
const MAIN = join(import.meta.dirname, "../../src/main.ts");
const children = new Set<ChildProcessWithoutNullStreams>();
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ouroboros-update-"));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(root, { recursive: true, force: true });
});

test("the file is replaced by the newest one, which has answered before, and a server that runs goes on with the old one", async () => {
  const copy = await copyOfBinary();
  await using release = await serveRelease(await releaseOf("9.9.9"), "9.9.9");
  await using server = startServer({ command: copy.program, args: ["mcp", "serve"], env: environment(copy.home) });
  await server.request("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  });
  const before = await stat(copy.program);
  const done = await copy.run(release.url, "--yes", "--json");
  expect(done.stderr).toBe("");
  expect(JSON.parse(done.stdout)).toMatchObject({
    ...{ current: CURRENT, version: "9.9.9", status: "newer", replaced: true },
    ...{ installed_by: "download", path: copy.program, command: null },
  });
  expect(await readdir(copy.folder)).toEqual(["ouroboros"]);
  const after = await stat(copy.program);
  expect([after.mode, after.ino === before.ino]).toEqual([before.mode, false]);
  expect((await finished(started(copy.program, ["--version"], {}))).stdout).toBe("9.9.9\n");
  // What it loads only now, it still has.
  const { result } = await server.request("tools/call", { name: "ouroboros_query_events", arguments: {} });
  expect(result?.isError).not.toBe(true);
  expect(release.asked).toEqual([
    "/latest/download/VERSION",
    `/download/v9.9.9/SHA256SUMS`,
    `/download/v9.9.9/${FILE}`,
  ]);
});

test("--check changes nothing and exits with 0, whether there is a newer version or not", async () => {
  const copy = await copyOfBinary();
  for (const [version, status, next] of [
    ["9.9.9", "newer", "To replace it: ouroboros update\n"],
    [CURRENT, "current", "There is nothing to do.\n"],
    ["0.0.1", "older", "newer than any release"],
  ] as const) {
    await using release = await serveRelease(await releaseOf(version), version);
    const [text, json] = [await copy.run(release.url, "--check"), await copy.run(release.url, "--check", "--json")];
    expect([text.code, json.code, JSON.parse(json.stdout).status]).toEqual([0, 0, status]);
    expect(text.stdout).toContain(`Newest: ${version}\n`);
    expect(text.stdout).toContain(next);
    expect(new Set(release.asked)).toEqual(new Set(["/latest/download/VERSION"]));
    if (status !== "newer")
      expect((await copy.run(release.url, "--yes", "--json")).stdout).toContain('"replaced":false');
  }
  expect((await finished(started(copy.program, ["--version"], {}))).stdout).toBe(`${CURRENT}\n`);
});

test("an older version comes only when it is asked for by its number", async () => {
  const copy = await copyOfBinary();
  await using release = await serveRelease(await releaseOf("0.0.1"), "0.0.1");
  const checked = await copy.run(release.url, "--check", "--version", "v0.0.1");
  expect(checked.stdout).toContain("Asked for: 0.0.1\n");
  expect((await copy.run(release.url, "--yes", "--version", "0.0.1")).stdout).toContain(`${CURRENT} is 0.0.1 now`);
  expect((await finished(started(copy.program, ["--version"], {}))).stdout).toBe("0.0.1\n");
  expect(release.asked).not.toContain("/latest/download/VERSION");
});

test("what is not what its list says, is cut, missing, or does not run here leaves everything as it was", async () => {
  const copy = await copyOfBinary();
  const untouched = await stat(copy.program);
  const expectRefused = async (folder: string, said: string, code: number) => {
    await using release = await serveRelease(folder, "9.9.9");
    const ran = await copy.run(release.url, "--yes");
    expect([ran.stderr.includes(said) ? said : ran.stderr, ran.code]).toEqual([said, code]);
    expect((await stat(copy.program)).ino).toBe(untouched.ino);
    expect(await readdir(copy.folder)).toEqual(["ouroboros"]);
  };
  const altered = await releaseOf("9.9.9");
  await writeFile(join(altered, FILE), "#!/bin/sh\necho 9.9.9 # and more\n");
  await expectRefused(altered, "is not what its release says: its SHA-256 is", 1);
  const other = await releaseOf("9.9.9", "#!/bin/sh\necho 9.9.8\n");
  await expectRefused(other, "does not run on this machine: it says that it is 9.9.8", 1);
  const dead = await releaseOf("9.9.9", "#!/bin/sh\necho 'no such library' >&2\nexit 127\n");
  await expectRefused(dead, "does not run on this machine: no such library", 1);
  const foreign = await releaseOf("9.9.9");
  await writeFile(join(foreign, "SHA256SUMS"), `${"0".repeat(64)}  ouroboros-amiga\n`);
  await expectRefused(foreign, `Release 9.9.9 has no ${FILE}`, 2);
  await rm(join(foreign, "SHA256SUMS"));
  await expectRefused(foreign, "There is no release 9.9.9", 2);
  await rm(join(foreign, "VERSION"));
  await expectRefused(foreign, "There is no release at", 2);
  await writeFile(join(foreign, "VERSION"), "<html>please log in</html>");
  await expectRefused(foreign, "what is there is no version", 1);

  const whole = await releaseOf("9.9.9");
  await using cutting = await openLoopback(async ({ url = "", socket }, response) => {
    const bytes = await readFile(join(whole, url.split("/").at(-1) ?? ""));
    response.writeHead(200, { "content-length": bytes.length });
    if (!url.endsWith(FILE)) return void response.end(bytes);
    response.write(bytes.subarray(0, 5), () => socket.destroy());
  });
  const cut = await copy.run(cutting.url, "--yes");
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringMatching(/Cannot get http.*Nothing was changed/s)]);
  expect(await readdir(copy.folder)).toEqual(["ouroboros"]);
});

test("Ctrl-C in the middle of the download leaves everything as it was", async () => {
  const copy = await copyOfBinary();
  const whole = await releaseOf("9.9.9");
  const begun = Promise.withResolvers<void>();
  await using standing = await openLoopback(async ({ url = "" }, response) => {
    if (!url.endsWith(FILE)) return void response.end(await readFile(join(whole, url.split("/").at(-1) ?? "")));
    response.writeHead(200, { "content-length": 1_000_000 });
    response.write("the first of it", () => begun.resolve());
  });
  const child = started(copy.program, ["update", "--yes"], { OUROBOROS_RELEASES: standing.url });
  const ended = finished(child);
  await begun.promise;
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  expect(await readdir(copy.folder)).toEqual(["ouroboros"]);
});

test("where only others may write, it is left to them", async () => {
  // Root may write everywhere: it goes as nobody, from a place that nobody can reach.
  const folder = await mkdtemp("/tmp/ouroboros-update-");
  try {
    const program = join(folder, "ouroboros");
    await copyFile(BINARY, program);
    await chmod(folder, 0o555);
    await using release = await serveRelease(await releaseOf("9.9.9"), "9.9.9");
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const env = { ...environment(folder), OUROBOROS_RELEASES: release.url };
    const child = spawn(program, ["update", "--yes", "--json"], { cwd: "/", env, ...nobody });
    child.stdin.end();
    const { code, stdout } = await finished(child);
    expect([code, JSON.parse(stdout).error]).toEqual([
      2,
      {
        code: "not_writable",
        message: expect.stringContaining(`Cannot write to ${folder}: `),
        next: expect.stringContaining("install one of your own"),
      },
    ]);
    expect(await readdir(folder)).toEqual(["ouroboros"]);
  } finally {
    await chmod(folder, 0o755);
    await rm(folder, { recursive: true });
  }
});

test("offline it says so", async () => {
  const copy = await copyOfBinary();
  const url = `http://127.0.0.1:${await freePort()}`;
  const ran = await copy.run(url, "--check", "--json");
  expect([ran.code, JSON.parse(ran.stdout).error.code]).toEqual([1, "releases_unreachable"]);
  expect(ran.stderr).toContain(`Cannot get ${url}/latest/download/VERSION`);
});

test("without --yes somebody at a terminal is asked, and where nobody is it is refused", async () => {
  const copy = await copyOfBinary();
  await using release = await serveRelease(await releaseOf("9.9.9"), "9.9.9");
  const refused = await copy.run(release.url);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("Pass --yes to replace it")]);
  await answered(copy.program, release.url, { question: `(${CURRENT}) by 9.9.9?`, key: "n", last: "Left as it is." });
  expect((await finished(started(copy.program, ["--version"], {}))).stdout).toBe(`${CURRENT}\n`);
});

test("a copy that others installed is left to them: the command is named, and --version only where they have versions", async () => {
  const npm = await copyOfBinary("lib/node_modules/ouroboros-mcp-linux-x64");
  await using release = await serveRelease(await releaseOf("9.9.9"), "9.9.9");
  const ran = await npm.run(release.url, "--yes");
  expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining("npm install --global ouroboros-mcp@9.9.9\n")]);
  expect(release.asked).toEqual(["/latest/download/VERSION"]);
  const brew = await copyOfBinary("Cellar/ouroboros/1.0.0/bin");
  expect((await brew.run(release.url)).stdout).toContain("To get the other version: brew upgrade ouroboros\n");
  const chosen = await brew.run(release.url, "--version", "0.0.1");
  expect([chosen.code, chosen.stderr]).toEqual([2, expect.stringContaining("it has the newest only")]);
  const source = await finished(started(process.execPath, [MAIN, "update"], { OUROBOROS_RELEASES: release.url }));
  expect([source.code, source.stdout]).toEqual([0, expect.stringContaining("git pull && scripts/build\n")]);
});

test("a proxy of the environment is used", async () => {
  const copy = await copyOfBinary();
  const folder = await releaseOf("9.9.9");
  const seen: string[] = [];
  const proxy = createServer(async ({ url = "" }, response) => {
    seen.push(url);
    response.end(await readFile(join(folder, url.split("/").at(-1) ?? "")));
  });
  const via = `http://127.0.0.1:${await listen(proxy)}`;
  // Nobody listens where the releases are said to be: only the proxy has them.
  const url = `http://localhost:${await freePort()}`;
  const ran = await copy.run(url, "--check", "--json", { HTTP_PROXY: via, http_proxy: via });
  proxy.close();
  await once(proxy, "close");
  expect([ran.code, seen]).toEqual([0, [`${url}/latest/download/VERSION`]]);
});

test("no other command asks whether there is a newer version", async () => {
  const copy = await copyOfBinary();
  await using release = await serveRelease(await releaseOf("9.9.9"), "9.9.9");
  const env = { ...environment(copy.home), OUROBOROS_RELEASES: release.url };
  await using server = startServer({ command: copy.program, args: ["mcp", "serve"], env });
  const clientInfo = { name: "test", version: "1" };
  await server.request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  for (const args of [["--version"], ["doctor"], ["setup", "--print"], ["sessions"], ["update", "--help"]]) {
    await finished(started(copy.program, args, env));
  }
  expect(release.asked).toEqual([]);
  // And in the source nobody else could.
  const importers = new Set<string>();
  for await (const path of new Bun.Glob("src/**/*.ts").scan(join(import.meta.dirname, "../.."))) {
    const text = await readFile(join(import.meta.dirname, "../..", path), "utf8");
    if (/from ".*\/releases\.ts"/.test(text)) importers.add(path);
  }
  expect([...importers].sort()).toEqual(["src/cli/commands/update.ts", "src/setup/update/replace-program.ts"]);
});

/** The binary in a folder of its own, as somebody has put it there. */
async function copyOfBinary(below = "bin") {
  const home = await mkdtemp(join(root, "home-"));
  const folder = join(home, below);
  const program = join(folder, "ouroboros");
  await mkdir(folder, { recursive: true });
  await link(BINARY, program).catch(() => copyFile(BINARY, program));
  const run = (url: string, ...rest: (string | Record<string, string>)[]) => {
    const args = rest.filter((one) => typeof one === "string");
    const env = { ...environment(home), OUROBOROS_RELEASES: url };
    return finished(
      started(program, ["update", ...args], Object.assign(env, ...rest.filter((one) => typeof one !== "string"))),
    );
  };
  return { home, folder, program, run };
}

function started(program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(program, args, { cwd: root, env: { ...environment(root), ...env } });
  child.stdin.end();
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** Answers one question of `update` in a terminal, by a key, and sees what it says last. */
async function answered(
  program: string,
  url: string,
  { question, key, last }: { readonly question: string; readonly key: string; readonly last: string },
): Promise<void> {
  let isAnswered = false;
  let shown = "";
  const { promise: isShown, resolve: show } = Promise.withResolvers<void>();
  const terminal = new Bun.Terminal({
    cols: 200,
    rows: 50,
    data(_, bytes) {
      shown += Buffer.from(bytes).toString("utf8");
      if (!isAnswered && stripVTControlCharacters(shown).includes(question)) {
        terminal.write(key);
        isAnswered = true;
      }
      if (stripVTControlCharacters(shown).includes(last)) show();
    },
  });
  const env = { ...environment(root, { OUROBOROS_RELEASES: url }), TERM: "xterm-256color" };
  const child = Bun.spawn(["setsid", "-c", program, "update"], { cwd: root, env, terminal });
  expect(await child.exited).toBe(0);
  // What it said last may come after its end.
  await isShown;
  terminal.close();
}

/** A release with one program for this machine, which knows its version. */
async function releaseOf(version: string, program = `#!/bin/sh\necho ${version}\n`): Promise<string> {
  const folder = await mkdtemp(join(root, "release-"));
  await writeFile(join(folder, FILE), program);
  await writeFile(join(folder, "VERSION"), `${version}\n`);
  await writeSums(folder);
  const sum = createHash("sha256").update(program).digest("hex");
  expect(await readFile(join(folder, "SHA256SUMS"), "utf8")).toContain(`${sum}  ${FILE}\n`);
  return folder;
}

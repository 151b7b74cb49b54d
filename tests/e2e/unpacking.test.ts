import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RpcServer, startServer } from "./support/json-rpc-client.ts";
import {
  BINARY,
  callTool,
  errorOf,
  handshake,
  readReceipt,
  startOuroboros,
  untilPhase,
} from "./support/ouroboros-server.ts";

/** Outside /tmp, which some of these tests mount over. */
const BASE = existsSync("/var/tmp") ? "/var/tmp" : tmpdir();
/**
 * Mounting needs a mount namespace of one's own: root has it, others may with a user namespace as well. Where the
 * system grants neither, and everywhere but on Linux, these tests are counted as skipped.
 */
const NAMESPACE = [["-m"], ["-r", "-m"]].find((flags) => canMount(flags));
const mounted = test.skipIf(NAMESPACE === undefined || BASE !== "/var/tmp");
const LIMIT = { timeout: 40_000 };

/** A file system over a folder, for one server alone. */
interface Mount {
  readonly folder: string;
  readonly options: "ro" | "noexec";
}

const places: string[] = [];
let binary: string;

beforeAll(async () => {
  const { place } = await openPlace();
  // Wherever this project lies, the binary must not be under one of the mounts.
  binary = join(place, "ouroboros");
  await copyFile(BINARY, binary, constants.COPYFILE_FICLONE);
});

afterAll(async () => {
  for (const place of places) await rm(place, { recursive: true, force: true });
});

for (const [what, tmp] of [
  ["unset", undefined],
  ["a folder that is not there", "missing"],
] as const) {
  test(`the store opens with TMPDIR ${what}`, LIMIT, async () => {
    const { home, place } = await openPlace();
    await using server = startOuroboros({ home, env: tmp === undefined ? {} : { TMPDIR: join(place, tmp) } });
    await expectToServe(server);
    // Kept for the next start, where nobody else can put another file in its place.
    const runtime = join(home, ".ouroboros/runtime");
    expect(await readdir(runtime)).toEqual([expect.stringMatching(/^libsql-[0-9a-f]{16}\.node$/)]);
    expect((await stat(runtime)).mode & 0o777).toBe(0o700);
  });
}

test("a cut-short addon of an earlier start is replaced", LIMIT, async () => {
  const { home } = await openPlace();
  {
    await using first = startOuroboros({ home });
    await expectToServe(first);
  }
  const runtime = join(home, ".ouroboros/runtime");
  const [name = ""] = await readdir(runtime);
  const { size } = await stat(join(runtime, name));
  await writeFile(join(runtime, name), "half");
  await using second = startOuroboros({ home });
  await expectToServe(second);
  expect(await readdir(runtime)).toEqual([name]);
  expect((await stat(join(runtime, name))).size).toBe(size);
});

for (const options of ["noexec", "ro"] as const) {
  mounted(`the store opens with TMPDIR mounted ${options}`, LIMIT, async () => {
    const { home, tmp } = await openPlace();
    await using server = startMounted([{ folder: tmp, options }], { HOME: home, TMPDIR: tmp });
    await expectToServe(server);
  });

  mounted(
    `the store opens with the home mounted ${options}, by way of TMPDIR, which it leaves empty`,
    LIMIT,
    async () => {
      const { home, tmp, place } = await openPlace();
      const OUROBOROS_DATABASE_URL = join(place, "store.db");
      const env = { HOME: home, TMPDIR: tmp, OUROBOROS_DATABASE_URL };
      await using server = startMounted(
        [
          { folder: home, options },
          { folder: "/tmp", options: "noexec" },
        ],
        env,
      );
      await expectToServe(server);
      expect(existsSync(OUROBOROS_DATABASE_URL)).toBe(true);
      expect(await readdir(tmp)).toEqual([]);
    },
  );
}

mounted(
  "with no folder to unpack into it still serves, says what to do, and recovers without a restart",
  LIMIT,
  async () => {
    const { home, tmp, place } = await openPlace();
    const mounts = [home, tmp, "/tmp"].map((folder) => ({ folder, options: "noexec" }) as const);
    const OUROBOROS_DATABASE_URL = join(place, "store.db");
    await using server = startMounted(mounts, { HOME: home, TMPDIR: tmp, OUROBOROS_DATABASE_URL });
    expect(await handshake(server)).toBe("2025-11-25");
    const error = errorOf(await callTool(server, "ouroboros_query_events"));
    expect(error).toMatchObject({ code: "store_unavailable", cause: "store_no_engine", phase: "degraded:store" });
    expect(error.next).toContain("OUROBOROS_HOME");
    expect(error.next).toContain("TMPDIR");
    expect(JSON.stringify(error)).not.toContain("bug");
    expect(server.stderr()).toContain("Set OUROBOROS_HOME or TMPDIR");

    const user = NAMESPACE?.includes("-r") ? ["-U", "--preserve-credentials"] : [];
    const unmount = spawnSync("nsenter", ["-t", String(server.pid), ...user, "-m", "umount", tmp], {
      encoding: "utf8",
    });
    expect([unmount.status, unmount.stderr]).toEqual([0, ""]);
    expect(await untilPhase(server, ["settled"])).toBe("settled");
    expect((await callTool(server, "ouroboros_query_events")).isError).toBeFalsy();
  },
);

mounted("with a home that cannot be written it says so, and serves on", LIMIT, async () => {
  const { home, tmp } = await openPlace();
  await using server = startMounted([{ folder: home, options: "ro" }], { HOME: home, TMPDIR: tmp });
  expect(await handshake(server)).toBe("2025-11-25");
  const error = errorOf(await callTool(server, "ouroboros_query_events"));
  expect(error).toMatchObject({ code: "store_unavailable", cause: "store_no_folder" });
  expect(error.message).toContain(home);
  expect((await readReceipt(server)).phase).toBe("degraded:store");
});

async function expectToServe(server: RpcServer): Promise<void> {
  expect(await handshake(server)).toBe("2025-11-25");
  const answer = await callTool(server, "ouroboros_query_events");
  expect(answer.structuredContent).toMatchObject({ events: [] });
  server.closeStdin();
  expect(await server.exited).toEqual({ code: 0, signal: null });
}

async function openPlace(): Promise<{ place: string; home: string; tmp: string }> {
  const place = await mkdtemp(join(BASE, "ouroboros-e2e-"));
  places.push(place);
  const home = join(place, "home");
  const tmp = join(place, "tmp");
  await Promise.all([mkdir(home), mkdir(tmp)]);
  return { place, home, tmp };
}

/** Starts the server in a mount namespace of its own, which ends with it. */
function startMounted(mounts: readonly Mount[], env: Record<string, string>): RpcServer {
  // The paths are arguments, never part of the script.
  const script =
    'while [ "$1" != -- ]; do mount -t tmpfs -o "$1" tmpfs "$2" || exit 90; shift 2; done; shift; exec "$@"';
  const pairs = mounts.flatMap(({ folder, options }) => [options, folder]);
  const program = ["sh", "-c", script, "sh", ...pairs, "--", binary, "mcp", "serve"];
  const args = [...(NAMESPACE ?? []), "--propagation", "private", ...program];
  // A folder that none of the mounts hides.
  return startServer({ command: "unshare", args, env: { PATH: process.env.PATH, ...env }, cwd: "/" });
}

function canMount(flags: readonly string[]): boolean {
  if (process.platform !== "linux") return false;
  const mount = ["mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", "/tmp"];
  return spawnSync("unshare", [...flags, "--propagation", "private", ...mount]).status === 0;
}

import { expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { releaseName, TARGETS, type Target } from "../../scripts/release/targets.ts";
import { compareVersions, isVersion } from "../../src/setup/update/compare-versions.ts";
import { installedBy } from "../../src/setup/update/installed-by.ts";
import { ownFileName } from "../../src/setup/update/own-file.ts";
import { openReleases } from "../../src/setup/update/releases.ts";
import { putInPlace } from "../../src/setup/update/replace-program.ts";
import { REPOSITORY } from "../../src/setup/update/repository.ts";

test("versions are ordered as semver orders them", () => {
  const ordered = [
    ..."0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2".split(" "),
    ..."1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.2.0 1.10.0 2.0.0-0 2.0.0".split(" "),
  ];
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
  for (const [at, one] of ordered.entries()) {
    expect(ordered.map((other) => Math.sign(compareVersions(one, other)))).toEqual(
      ordered.map((_, other) => Math.sign(at - other)),
    );
  }
  expect(compareVersions("1.0.0+one", "1.0.0+other")).toBe(0);
  expect(["1.2.3", "1.2.3-a.1", "1.2.3+b"].every(isVersion)).toBe(true);
  expect(["1.2", "v1.2.3", "1.2.3/../..", "", "1.2.3 ", "<html>"].some(isVersion)).toBe(false);
});

test.each(Object.keys(TARGETS) as Target[])(
  "a program for %s knows its file among those of a release",
  async (target) => {
    const { platform, arch, loader = "" }: { platform: string; arch: string; loader?: string } = TARGETS[target];
    await using place = await folder();
    const program = join(place.path, "program");
    await writeFile(program, `\u007fELF .. ${loader}\0 and the rest`);
    expect(await ownFileName(program, { platform, arch })).toBe(releaseName(target));
  },
);

test("how a copy was installed is told by where it lies, and so is the command that brings another version", () => {
  const npm = "node_modules/ouroboros-mcp-linux-x64/ouroboros";
  for (const [program, by, command] of [
    ["/home/ada/.local/bin/ouroboros", "download", null],
    ["/home/ada/.ouroboros/plugin/bin/ouroboros", "download", null],
    ["C:\\Users\\Ada\\ouroboros.exe", "download", null],
    ["/opt/homebrew/Cellar/ouroboros/1.0.0/bin/ouroboros", "homebrew", "brew upgrade ouroboros"],
    [`/home/ada/.npm/_npx/0a1b/${npm}`, "npx", "rm -r /home/ada/.npm/_npx/0a1b"],
    [`/tmp/bunx-0-ouroboros-mcp@latest/${npm}`, "bunx", "rm -r /tmp/bunx-0-ouroboros-mcp@latest"],
    [`/home/ada/.bun/install/global/${npm}`, "bun", "bun add --global ouroboros-mcp@9.0.0"],
    [`/usr/local/lib/${npm}`, "npm", "npm install --global ouroboros-mcp@9.0.0"],
    ["C:\\a\\npm\\node_modules\\ouroboros-mcp\\x.exe", "npm", "npm install --global ouroboros-mcp@9.0.0"],
    [`/home/ada/it's/${npm}`, "npm", "cd '/home/ada/it'\\''s' && npm install ouroboros-mcp@9.0.0"],
    [`/home/ada/.local/share/pnpm/global/5/.pnpm/x/${npm}`, "pnpm", "pnpm add --global ouroboros-mcp@9.0.0"],
    [`/home/ada/.ouroboros/plugin/ouroboros-mcp_1.0.0/${npm}`, "plugin", "claude plugin update ouroboros@ouroboros"],
  ] as const) {
    const installed = installedBy({ program, script: undefined }, "linux");
    expect([program, installed.by, installed.command("9.0.0")]).toEqual([program, by, command]);
  }
  const source = installedBy({ program: "/usr/bin/node", script: "/home/ada/ouroboros/src/main.ts" }, "linux");
  expect([source.by, source.command("9.0.0")]).toEqual([
    "source",
    "cd /home/ada/ouroboros && git pull && scripts/build",
  ]);
});

test("releases are the project's own unless the environment names others, and never come over a way that others can listen in on", () => {
  expect(openReleases({})).toMatchObject({ address: `${REPOSITORY}/releases` });
  expect(packageJson.repository.url).toContain(REPOSITORY);
  expect(openReleases({ OUROBOROS_RELEASES: "https://mirror.example/ouroboros/" })).toMatchObject({
    address: "https://mirror.example/ouroboros",
  });
  for (const address of ["http://mirror.example", "http://127.0.0.1.example", "ftp://mirror.example", "/mirror"]) {
    expect(openReleases({ OUROBOROS_RELEASES: address })).toMatchObject({ refused: true, code: "bad_releases" });
  }
});

test("releases that send on to where others can listen in are not followed there, by no way round", async () => {
  const asked: string[] = [];
  await using listened = Bun.serve({
    hostname: "127.0.0.2",
    port: 0,
    fetch({ url }) {
      asked.push(url);
      return new Response("9.9.9\n");
    },
  });
  const ways: Record<string, string> = { "/near": "/latest/download/VERSION", "/far": `${listened.url}VERSION` };
  await using served = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch({ url }) {
      const [, start = "", rest] = /^(\/\w+)(\/.*)$/.exec(new URL(url).pathname) ?? [];
      return rest === "/download/VERSION" ? new Response("1.2.3\n") : Response.redirect(ways[start] ?? "/", 302);
    },
  });
  const newest = (start: string) => {
    const releases = openReleases({ OUROBOROS_RELEASES: `http://127.0.0.1:${served.port}${start}` });
    return "refused" in releases ? releases : releases.newest(new AbortController().signal);
  };
  expect(await newest("/near")).toBe("1.2.3");
  await expect(newest("/far")).rejects.toThrow("only https is good enough");
  expect(openReleases({ OUROBOROS_RELEASES: "http://127.0.0.1:1@mirror.example" })).toMatchObject({ refused: true });
  expect(asked).toEqual([]);
});

test.each(["linux", "win32"] as const)(
  "on %s the new file has the old one's place, and nothing is left beside it",
  async (platform) => {
    await using place = await folder();
    const [program, fresh] = [join(place.path, "ouroboros.exe"), join(place.path, "fresh")];
    await writeFile(program, "old");
    await writeFile(fresh, "new");
    await putInPlace(fresh, program, platform);
    expect([await readFile(program, "utf8"), await readdir(place.path)]).toEqual(["new", ["ouroboros.exe"]]);
    await expect(putInPlace(fresh, program, platform)).rejects.toThrow("ENOENT");
    expect([await readFile(program, "utf8"), await readdir(place.path)]).toEqual(["new", ["ouroboros.exe"]]);
  },
);

test("a download whose update was killed goes with the next one; a download of now is somebody's", async () => {
  await using place = await folder();
  const [program, fresh] = [join(place.path, "ouroboros"), join(place.path, ".ouroboros.update-mine")];
  const [abandoned, theirs] = [".ouroboros.update-abandoned", ".ouroboros.update-theirs"];
  for (const path of [program, fresh, ...[abandoned, theirs].map((name) => join(place.path, name))])
    await writeFile(path, "");
  const earlier = new Date(Date.now() - 2 * 3_600_000);
  await utimes(join(place.path, abandoned), earlier, earlier);
  await putInPlace(fresh, program, "linux");
  expect((await readdir(place.path)).sort()).toEqual([theirs, "ouroboros"]);
});

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "ouroboros-update-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

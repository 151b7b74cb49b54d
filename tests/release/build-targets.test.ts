import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageLock from "../../package-lock.json" with { type: "json" };
import { checkIntegrity, presentPackage } from "../../scripts/release/locked-package.ts";
import { smoke } from "../../scripts/release/smoke.ts";
import { writeSums } from "../../scripts/release/sums.ts";
import { hostTarget, parseTargets, releaseName, TARGETS, type Target } from "../../scripts/release/targets.ts";

const ROOT = join(import.meta.dirname, "../..");
const NAMES = Object.keys(TARGETS) as Target[];
const folder = mkdtempSync(join(tmpdir(), "ouroboros-build-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("there is a target for every platform that libSQL has an addon for, 32 bits apart", () => {
  const libsql: { optionalDependencies: object } = packageLock.packages["node_modules/libsql"];
  const addons = Object.keys(libsql.optionalDependencies).filter((name) => !/-arm-/.test(name));
  const ours: string[] = Object.values(TARGETS).map(({ addon }) => addon);
  expect(ours.sort()).toEqual(addons.sort());
});

test.each(NAMES)("what goes into %s is of that platform by its own manifests, and locked by hash", async (name) => {
  const packages: Readonly<Record<string, object>> = packageLock.packages;
  const { runtime, addon, platform, arch } = TARGETS[name];
  for (const part of [runtime, addon]) {
    const integrity = expect.stringMatching(/^sha512-/);
    expect(packages[`node_modules/${part}`]).toMatchObject({ integrity, os: [platform], cpu: [arch] });
  }
  expect(runtime.endsWith("-musl")).toBe(name.endsWith("-musl"));
  expect(addon.endsWith("-musl")).toBe(name.endsWith("-musl"));
});

test("targets are named one by one, as a list or all at once, and a wrong name is told", () => {
  expect(parseTargets("all")).toEqual(NAMES);
  expect(parseTargets("linux-x64,darwin-arm64")).toEqual(["linux-x64", "darwin-arm64"]);
  expect(parseTargets("linux-x64,amiga")).toEqual({ unknown: "amiga" });
  expect(NAMES.map(releaseName)).toContain("ouroboros-windows-x64.exe");
  const { status, stderr } = build("--target", "amiga", "--outfile", join(folder, "none"));
  expect([status, stderr]).toEqual([1, `Unknown target "amiga": there are ${NAMES.join(", ")}, and all\n`]);
  expect(existsSync(join(folder, "none"))).toBe(false);
});

test("a package whose bytes are not the locked ones is refused, whatever its name says", () => {
  const bytes = Buffer.from("a package");
  const good = `sha512-${new Bun.CryptoHasher("sha512").update(bytes).digest("base64")}`;
  expect(() => checkIntegrity(bytes, good, "it")).not.toThrow();
  expect(() => checkIntegrity(Buffer.from("another"), good, "it")).toThrow("Cannot use it: its hash is sha512-");
  expect(() => checkIntegrity(bytes, undefined, "it")).toThrow("the lock file says undefined");
});

test("the sums are those that sha256sum checks, of every file but themselves, also when written again", async () => {
  const files = join(folder, "sums");
  mkdirSync(files);
  writeFileSync(join(files, "ouroboros-b"), "b");
  writeFileSync(join(files, "ouroboros-a"), "");
  await writeSums(files);
  await writeSums(files);
  const sums = readFileSync(join(files, "SHA256SUMS"), "utf8");
  expect(sums).toBe(
    `e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  ouroboros-a
3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  ouroboros-b
`,
  );
});

test("the smoke run passes on the compiled binary, and fails on another version, on what is no server, and on one that does not know itself", async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const binary = join(ROOT, "dist/ouroboros");
  await smoke(binary, version);
  await expect(smoke(binary, "0.0.0")).rejects.toThrow("should be version 0.0.0");
  await expect(smoke("/bin/false", version)).rejects.toThrow('before it answered "initialize"');
  await expect(smoke(join(folder, "nothing"), version)).rejects.toThrow("ENOENT");
  const confused = join(folder, "confused");
  const launch = { command: confused, args: ["--no-env-file", "main.ts", "mcp", "serve"] };
  const answer = `[ "$1" = setup ] && { echo '${JSON.stringify({ launch })}'; exit; }`;
  writeFileSync(confused, `#!/bin/sh\n${answer}\nexec "${binary}" "$@"\n`, { mode: 0o755 });
  await expect(smoke(confused, version)).rejects.toThrow("does not know how to start itself");
});

const other = hostTarget() === "linux-x64-musl" ? "linux-x64" : "linux-x64-musl";
const { runtime, addon } = TARGETS[other];
const parts = await Promise.all([presentPackage(runtime), presentPackage(addon)]);
const missing = parts.includes(undefined);
test.skipIf(missing)(
  `a binary for ${other} is that platform's program with that platform's addon${missing ? " (not tried: its parts have not been fetched; a build for it does that)" : ""}`,
  () => {
    const outfile = join(folder, "other");
    const { status, stderr } = build("--target", other, "--outfile", outfile);
    expect(status, stderr).toBe(0);
    const binary = readFileSync(outfile);
    const { loader } = TARGETS[other] as { loader: string };
    expect(binary.subarray(0, 4096).includes(loader)).toBe(true);
    const [, addonFolder = ""] = parts;
    expect(binary.includes(readFileSync(join(addonFolder, "index.node")))).toBe(true);
  },
  60_000,
);

function build(...args: string[]) {
  return spawnSync(process.execPath, ["build.ts", ...args], { cwd: ROOT, encoding: "utf8" });
}

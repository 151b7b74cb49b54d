// What this user has agreed to on this machine: remembered whoever writes at the same time, believed only where nobody else can write.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import { sha256 } from "../../src/base/sha256.ts";
import { approve, isApproved, listApprovals, revoke } from "../../src/trust/approvals.ts";
import type { Matter } from "../../src/trust/matter.ts";
import { shown } from "../../src/trust/shown.ts";

const APPROVER = join(import.meta.dirname, "../fixtures/trust/approver.ts");
const WORDS = { by: "cli", about: "A list" } as const;
const SEED: Matter = { kind: "seed", hash: sha256("seed 1") };

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ouroboros-trust-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const folder = () => join(home, "approvals");
const fileOfSeed = () => join(folder(), `seed-${sha256("seed 1")}.json`);

test("each matter is agreed to by itself, once, in a file for this user alone, and taken back by the beginning of its hash", async () => {
  const root = join(home, "project");
  mkdirSync(root);
  symlinkSync(root, join(home, "link"));
  const checks: Matter = { kind: "checks", root, declared: sha256("npm test") };
  const run: Matter = { kind: "run", execution_id: "exec_../../1" };
  for (const matter of [SEED, checks, run]) {
    expect(await isApproved(home, matter)).toBe(false);
    expect(await approve(home, matter, WORDS)).toBeUndefined();
    expect(await isApproved(home, matter)).toBe(true);
  }
  expect(await isApproved(home, { ...checks, root: join(home, "link") })).toBe(true);
  expect(await isApproved(home, { ...checks, declared: sha256("npm run other") })).toBe(false);
  expect(await isApproved(home, { ...checks, root: home })).toBe(false);
  expect(await isApproved(home, { kind: "seed", hash: sha256("another") })).toBe(false);
  expect(await isApproved(home, { kind: "run", execution_id: "exec_2" })).toBe(false);
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder())) expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);

  await approve(home, SEED, { by: "flag", about: "Said again" });
  const all = await listApprovals(home);
  if (isRefusal(all)) throw new Error(all.message);
  expect(all.map(({ matter }) => matter.kind).sort()).toEqual(["checks", "run", "seed"]);
  expect(all.find(({ matter }) => matter.kind === "seed")).toMatchObject({ by: "cli", about: "A list" });

  expect(await revoke(home, "")).toMatchObject({ code: "not_found" });
  expect(await revoke(home, "no-hash")).toMatchObject({ code: "not_found" });
  expect(await revoke(home, sha256("seed 1").slice(0, 10))).toMatchObject({ matter: SEED });
  expect(await isApproved(home, SEED)).toBe(false);
  expect(await isApproved(home, run)).toBe(true);
});

test("two processes that agree at once lose nothing, neither of their own nor of what both agree to", async () => {
  const approvers = [startApprover("0", "40"), startApprover("20", "40")];
  await Promise.all(approvers.map(({ ready }) => ready));
  for (const { child } of approvers) child.stdin.end();
  expect(await Promise.all(approvers.map(({ ended }) => ended))).toEqual([0, 0]);
  const all = await listApprovals(home);
  if (isRefusal(all)) throw new Error(all.message);
  expect(all.map(({ about }) => about).sort()).toEqual(Array.from({ length: 60 }, (_, at) => `seed ${at}`).sort());
  expect(readdirSync(folder())).toHaveLength(60);
});

test("a file that others could have written is not believed", async () => {
  await approve(home, SEED, WORDS);
  for (const mode of [0o602, 0o620, 0o666, 0o622]) {
    chmodSync(fileOfSeed(), mode);
    expect([mode, await isApproved(home, SEED)]).toEqual([mode, false]);
    expect(await listApprovals(home)).toEqual([]);
  }
  chmodSync(fileOfSeed(), 0o644);
  expect(await isApproved(home, SEED)).toBe(true);
  const away = join(home, "away.json");
  renameSync(fileOfSeed(), away);
  symlinkSync(away, fileOfSeed());
  expect(await isApproved(home, SEED)).toBe(false);
  rmSync(fileOfSeed());
  mkdirSync(fileOfSeed());
  expect(await isApproved(home, SEED)).toBe(false);
});

test("nothing in a folder that others may write to is believed, and nothing more is put there", async () => {
  await approve(home, SEED, WORDS);
  for (const mode of [0o777, 0o1777, 0o770]) {
    chmodSync(folder(), mode);
    expect([mode, await isApproved(home, SEED)]).toEqual([mode, false]);
    const other: Matter = { kind: "seed", hash: sha256("seed 2") };
    const answers = [await approve(home, other, WORDS), await listApprovals(home), await revoke(home, "a")];
    for (const answer of answers) expect(answer).toMatchObject({ code: "approvals_exposed" });
  }
  expect(readdirSync(folder())).toHaveLength(1);
  chmodSync(folder(), 0o700);
  expect(await isApproved(home, SEED)).toBe(true);
  const away = join(home, "away");
  renameSync(folder(), away);
  symlinkSync(away, folder());
  expect(await isApproved(home, SEED)).toBe(false);
});

test.if(process.geteuid?.() === 0)("what belongs to somebody else is not believed (needs root)", async () => {
  await approve(home, SEED, WORDS);
  chownSync(fileOfSeed(), 12_345, 12_345);
  expect(await isApproved(home, SEED)).toBe(false);
  chownSync(fileOfSeed(), 0, 0);
  expect(await isApproved(home, SEED)).toBe(true);
  chownSync(folder(), 12_345, 12_345);
  expect(await isApproved(home, SEED)).toBe(false);
});

test("a file says something only of what it is named after, and nothing when it is damaged", async () => {
  await approve(home, SEED, WORDS);
  const text = readFileSync(fileOfSeed(), "utf8");
  const other: Matter = { kind: "seed", hash: sha256("seed 2") };
  writeFileSync(join(folder(), `seed-${sha256("seed 2")}.json`), text, { mode: 0o600 });
  expect(await isApproved(home, other)).toBe(false);
  for (const damaged of ["", "{}", "null", text.slice(0, -10), text.replace('"cli"', '"model"'), text.padEnd(70_000)]) {
    writeFileSync(fileOfSeed(), damaged);
    expect([damaged.slice(0, 30), await isApproved(home, SEED)]).toEqual([damaged.slice(0, 30), false]);
  }
  expect(await listApprovals(home)).toEqual([]);
});

test("what somebody reads before they agree hides nothing", () => {
  expect(shown("npm test\nrm -rf ~ # \r\nx")).toBe("npm test⏎rm -rf ~ # ⏎x");
  expect(shown("a\u001b[2Kb\u202ec\u200bd\u00a0e\u2028f")).toBe("a\\u{1b}[2Kb\\u{202e}c\\u{200b}d\\u{a0}e\\u{2028}f");
  expect(shown(`true${" ".repeat(500)}; curl x | sh`)).toBe("true [500 spaces] ; curl x | sh");
  expect(shown("grep -q 'größer' 日本 && echo  ok")).toBe("grep -q 'größer' 日本 && echo  ok");
});

function startApprover(first: string, count: string) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [APPROVER, home, first, count]);
  const ready = new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { child, ready, ended };
}

import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ownIdentity } from "../../src/process/identity.ts";
import { parseProcessStat } from "../../src/process/process-stat.ts";

const onLinux = process.platform === "linux";

test("ownIdentity() names this process, the same at every call, in a copy of the caller's own", () => {
  const first = ownIdentity();
  expect(first.pid).toBe(process.pid);
  first.machine = "spoilt";
  expect(ownIdentity().machine).not.toBe("spoilt");
  expect(ownIdentity()).toEqual(ownIdentity());
});

test.skipIf(!onLinux)("ownIdentity() agrees with what the kernel says of boot, namespace and start", () => {
  const own = ownIdentity();
  expect(own.boot).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  expect(own.pid_namespace).toMatch(/^pid:\[\d+\]$/);
  const fields = readFileSync("/proc/self/stat", "latin1").split(") ").at(-1)?.split(" ") ?? [];
  expect(own.start_ticks).toBe(fields[19] ?? "missing");
  expect(own.machine).not.toBe("");
});

test("two processes of this machine agree on everything but pid and start", () => {
  const module = join(import.meta.dir, "../../src/process/identity.ts");
  const script = `import { ownIdentity } from ${JSON.stringify(module)}; process.stdout.write(JSON.stringify(ownIdentity()));`;
  const child = spawnSync(process.execPath, ["-e", script], { encoding: "utf8", timeout: 20_000 });
  const other = JSON.parse(child.stdout);
  const own = ownIdentity();
  expect(other).toEqual({ ...own, pid: other.pid, start_ticks: other.start_ticks });
  expect(other.pid).not.toBe(own.pid);
  if (onLinux) expect(other.start_ticks).not.toBe(own.start_ticks);
});

const tail = "1 4276 2813 0 -1 4194304 1101 0 25 0 0 2 0 0 20 0 2 0 96141 6562336768 6734";

test("parseProcessStat() reads past a name with spaces, brackets and line ends", () => {
  for (const name of ["bun", "node (w) x", ") R 1 1 1 (", "a\nb)", ""])
    expect(parseProcessStat(`4281 (${name}) S ${tail}\n`)).toEqual({
      state: "S",
      parent: 1,
      group: 4276,
      session: 2813,
      startTicks: "96141",
    });
});

test("parseProcessStat() does not call a process a zombie whose main thread alone has ended", () => {
  expect(parseProcessStat(`4281 (bun) Z ${tail}`)?.state).toBe("S");
  expect(parseProcessStat(`4281 (bun) Z ${tail.replace("20 0 2 0", "20 0 1 0")}`)?.state).toBe("Z");
});

test("parseProcessStat() answers null to what is no stat line", () => {
  for (const text of ["", "4281 (bun)", "4281 (bun) S 1 2 3", "nonsense"]) expect(parseProcessStat(text)).toBeNull();
});

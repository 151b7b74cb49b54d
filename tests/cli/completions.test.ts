import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CliHome, environment, finished, openHome } from "./support/ouroboros.ts";

let home: CliHome;
const MAIN = join(import.meta.dirname, "../../src/main.ts");

beforeAll(async () => {
  home = await openHome({ events: 100, sessions: 3 });
  await mkdir(join(home.home, "bin"));
  const program = join(home.home, "bin/ouroboros");
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  await chmod(program, 0o755);
});
afterAll(() => home[Symbol.asyncDispose]());

test.skipIf(!has("bash"))(
  `bash completes commands, groups, flags, values and session ids${unless("bash")}`,
  async () => {
    const { stdout: script } = await home.run(["completions", "bash"]);
    const file = join(home.home, "ouroboros.bash");
    await writeFile(file, script);
    const ids = home.truth.map(({ session_id }) => session_id).sort();
    for (const [words, expected] of [
      [["se"], ["seed", "sessions", "setup"]],
      [
        ["store", ""],
        ["info", "check", "backup", "restore", "compact"],
      ],
      [
        ["cleanup", "--d"],
        ["--db", "--dry-run"],
      ],
      [
        ["sessions", "--status", "c"],
        ["completed", "cancelled"],
      ],
      [["completions", "b"], ["bash"]],
      [["--v"], ["--version"]],
      [["why", ""], ids],
      [["events", "--session", ids[0]?.slice(0, -1) ?? ""], [ids[0]]],
    ] as const) {
      const found = await complete(file, words);
      expect(ids.includes(found[0] ?? "") ? [...found].sort() : found).toEqual([...expected] as string[]);
    }
  },
);

test.skipIf(!has("zsh"))(`zsh takes its script without complaint${unless("zsh")}`, async () => {
  await expectParsed("zsh", "-n");
});

test.skipIf(!has("fish"))(`fish takes its script without complaint${unless("fish")}`, async () => {
  await expectParsed("fish", "--no-execute");
});

test("each script knows every command, and an unknown shell is refused", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { script } = JSON.parse((await home.run(["completions", shell, "--json"])).stdout);
    for (const word of ["serve", "cleanup", "dry-run", "ouroboros sessions --json --limit 50"]) {
      expect(script).toContain(word);
    }
  }
  expect((await home.run(["completions", "cmd"])).code).toBe(2);
});

/** What pressing tab in a real bash, with the script loaded, would offer. */
async function complete(file: string, words: readonly string[]): Promise<string[]> {
  const program = `source "$1"; shift
complete -p ouroboros >/dev/null || exit 9
COMP_WORDS=(ouroboros "$@"); COMP_CWORD=$#; _ouroboros; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const path = `${join(home.home, "bin")}:${process.env.PATH}`;
  const child = spawn("bash", ["--norc", "-c", program, "bash", file, ...words], {
    env: environment(home.home, { PATH: path }),
  });
  child.stdin.end();
  const { code, stdout, stderr } = await finished(child);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

async function expectParsed(shell: "zsh" | "fish", flag: string): Promise<void> {
  const file = join(home.home, `ouroboros.${shell}`);
  await writeFile(file, (await home.run(["completions", shell])).stdout);
  const parsed = spawnSync(shell, [flag, file], { encoding: "utf8" });
  expect([parsed.status, parsed.stderr]).toEqual([0, ""]);
}

/** Why a test of this shell is skipped, for its title. */
function unless(shell: string): string {
  return has(shell) ? "" : ` (${shell} is not installed)`;
}

function has(shell: string): boolean {
  return spawnSync(shell, ["-c", "exit 0"]).status === 0;
}

import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { serveRelease } from "./serve-release.ts";
import { smoke } from "./smoke.ts";
import { parseTargets, releaseName, runsHere } from "./targets.ts";

// Tries, on a machine of the kind it is for, a binary of a release and the script that installs it:
//   node scripts/release/try-release.ts FOLDER TARGET
// Runs on a bare Node that takes types away (22.18 and newer): the machines of a release have nothing else.

const run = promisify(execFile);
const [folder = "", name = ""] = process.argv.slice(2);
const targets = parseTargets(name);
const target = "unknown" in targets ? undefined : targets[0];
if (target === undefined || !runsHere(target)) throw new Error(`"${name}" is no target that runs on this machine`);
const version = (await readFile(join(folder, "VERSION"), "utf8")).trim();
const program = resolve(folder, releaseName(target));
await chmod(program, 0o755);
await smoke(program, version);
process.stdout.write(`${name}: answers, and opens a store\n`);

const release = await serveRelease(resolve(folder), version);
const to = await mkdtemp(join(tmpdir(), "ouroboros install-"));
try {
  const env = { ...process.env, OUROBOROS_RELEASES: release.url, OUROBOROS_NO_ATTESTATION: "1" };
  const script = resolve(folder, process.platform === "win32" ? "install.ps1" : "install.sh");
  const [shell, args] =
    process.platform === "win32"
      ? ["powershell", ["-NoProfile", "-ExecutionPolicy", "Bypass", "-File", script, "-To", to]]
      : ["sh", [script, "--to", to]];
  // Twice: into an empty folder, and over what is there.
  for (const _ of [1, 2]) process.stdout.write((await run(shell, args, { env })).stdout);
  const installed = join(to, process.platform === "win32" ? "ouroboros.exe" : "ouroboros");
  await smoke(installed, version);
  await run(installed, ["update", "--yes"], { env });
  process.stdout.write(`${name}: is installed, and knows that it is the newest\n`);
} finally {
  await release[Symbol.asyncDispose]();
  await rm(to, { recursive: true, force: true, maxRetries: 5 });
}

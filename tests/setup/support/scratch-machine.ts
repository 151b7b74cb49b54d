import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { configPath } from "../../../src/setup/detect-hosts.ts";
import { HOSTS, type Host } from "../../../src/setup/hosts.ts";
import type { Launch } from "../../../src/setup/launch.ts";
import type { SetupContext } from "../../../src/setup/plan-setup.ts";

/** A home of its own with nothing in it, and what setup needs to know of it. */
export interface ScratchMachine extends SetupContext, AsyncDisposable {
  /** The same machine with the program somewhere else. */
  movedTo(command: string): SetupContext;
  pathOf(host: Host): string;
  /** Writes a host's file as somebody has it. */
  give(host: Host, content: string | Uint8Array, mode?: number): Promise<string>;
}

const LAUNCH: Launch = { command: "/opt/ouroboros/bin/ouroboros", args: ["mcp", "serve"] };

export async function openMachine(env: Readonly<Record<string, string>> = {}): Promise<ScratchMachine> {
  const root = await mkdtemp(join(tmpdir(), "ouroboros-setup-"));
  const context: SetupContext = {
    surroundings: { platform: "linux", home: root, env: { PATH: "", ...env } },
    home: join(root, ".ouroboros"),
    launch: LAUNCH,
  };
  const pathOf = (host: Host) => configPath(host, context.surroundings);
  return {
    ...context,
    movedTo: (command) => ({ ...context, launch: { ...LAUNCH, command } }),
    pathOf,
    async give(host, content, mode = 0o640) {
      const path = pathOf(host);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      await chmod(path, mode);
      return path;
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true });
    },
  };
}

export function hostCalled(id: string): Host {
  const host = HOSTS.find((one) => one.id === id);
  if (!host) throw new Error(`No host is called ${id}`);
  return host;
}

/** Everything below a folder but the Ouroboros home: names, modes and contents. */
export async function everythingIn(folder: string): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.startsWith(".ouroboros")) continue;
    const path = join(folder, name);
    const stats = await stat(path);
    all[name] = `${stats.mode.toString(8)} ${stats.isFile() ? (await readFile(path)).toString("hex") : ""}`;
  }
  return all;
}

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../../config.ts";
import type { SetupContext } from "../../../setup/plan-setup.ts";
import { describeTarget } from "../../../store/engine/store-target.ts";

/** What somebody who comes from the Python program has, what of it stays, and what becomes different. */
export interface FromPython {
  readonly stays: readonly string[];
  readonly changes: readonly string[];
  readonly both: readonly string[];
  /** Of the Python program's own set-up, left where it is. */
  readonly leftovers: readonly string[];
}

/** Looks at what the Python program has left here; touches nothing of it. */
export async function lookAtPython(config: Config, { surroundings }: SetupContext): Promise<FromPython> {
  const { home, target, unknownKeys } = config;
  const seeds = (await names(join(home, "seeds"))).filter((name) => /\.ya?ml$/.test(name)).length;
  const configFile = join(home, "config.yaml");
  const isThere = target.kind === "remote" || existsSync(target.path);
  const ignored = unknownKeys.length === 0 ? "" : `; not used here: ${unknownKeys.join(", ")}`;
  return {
    stays: [
      `The store ${describeTarget(target)}${isThere ? ": used as it is, no row of it is rewritten" : " is not there yet"}`,
      existsSync(configFile) ? `The settings ${configFile}${ignored}` : `Settings: there is no ${configFile}`,
      `${seeds} seed${seeds === 1 ? "" : "s"} in ${join(home, "seeds")}`,
    ],
    changes: [
      "Hosts start this program instead; no Python and no uv is needed, and the first answer does not wait for the store",
      "Tools keep their names and arguments; runs go on without the window, and sessions resume from any process by their id",
      "A seed's commands run only after you have agreed to them on this machine (`ouroboros approve`)",
      "Servers of the Python program that run now go on until their hosts are started anew",
    ],
    both: [
      "Guaranteed: each reads what the other has written; a live run of this program leaves a sign of life often enough for the Python program's clean-up to pass it over, and should it be cancelled all the same, its owner takes that back",
      "Not guaranteed: the Python program knows no owners, so it can resume a session that is running here; and it goes on showing as cancelled what was reopened here. Do not resume one session in both",
    ],
    leftovers: await leftovers(surroundings.home),
  };
}

/** The explanation as lines of text. */
export function pythonLines({ stays, changes, both, leftovers }: FromPython): string[] {
  const part = (title: string, texts: readonly string[]) => [title, ...texts.map((text) => `  * ${text}`)];
  return [
    ...part("What stays:", stays),
    ...part("What changes:", changes),
    ...part("Both programs on one store:", both),
    ...(leftovers.length === 0 ? [] : part("Left by the Python program's own setup, yours to remove:", leftovers)),
    "",
  ];
}

async function leftovers(home: string): Promise<string[]> {
  const own = (folder: string) => async () =>
    (await names(folder)).filter((name) => /^ouroboros/.test(name)).map((name) => join(folder, name));
  // Its setup wrote there; Claude Code does not read that file.
  const old = join(home, ".claude", "mcp.json");
  const mentioned = (await readFile(old, "utf8").catch(() => "")).includes('"ouroboros"') ? [old] : [];
  const folders = [join(home, ".codex", "rules"), join(home, ".codex", "skills")];
  return [...mentioned, ...(await Promise.all(folders.map((folder) => own(folder)()))).flat()];
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch((): string[] => [])).sort();
}

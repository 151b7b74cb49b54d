import { realpathSync } from "node:fs";
import { delimiter } from "node:path";
import { findProgram } from "../process/find-program.ts";
import { selfCommand } from "../process/self-command.ts";

/** How a host is to start the server. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** What the server needs to find the same store as this program; hosts hand on little. */
  readonly env?: Readonly<Record<string, string>>;
}

const SERVE = ["mcp", "serve"] as const;
const COMMAND = "ouroboros";
const PACKAGE = "ouroboros-mcp";

/** The command of this very program, by a path that outlives an update where there is one; `store` is what it is to serve instead of its own. */
export function ownLaunch(env: Readonly<Record<string, string | undefined>>, store?: string): Launch {
  const { OUROBOROS_HOME: home, PATH: path = "" } = env;
  const kept = home === undefined || home === "" ? {} : { env: { OUROBOROS_HOME: home } };
  const launch = launchOf(selfCommand(SERVE), (name) => findProgram(name, withoutPackages(path), null)?.program);
  const args = store === undefined ? launch.args : [...launch.args, "--db", store];
  return { ...launch, args, ...kept };
}

/** The same by its parts: how this program was started, and what a name on PATH is. */
export function launchOf(
  self: { readonly program: string; readonly args: readonly string[] },
  find: (name: string) => string | undefined,
  platform: NodeJS.Platform = process.platform,
): Launch {
  const { program, args } = self;
  const script = [program, ...args].join("\n");
  // Folders of these two are emptied at any time: the command that fills them is what lasts.
  const runner = /[/\\]_npx[/\\]/.test(script)
    ? "npx"
    : /[/\\](bunx-\d+-|\.bunx-\d+[/\\])/.test(script)
      ? "bunx"
      : undefined;
  if (runner !== undefined) {
    const words = [...(runner === "npx" ? ["-y"] : []), PACKAGE, ...SERVE];
    // A batch file is nothing that a host could start.
    if (platform === "win32" && runner === "npx") return { command: "cmd", args: ["/c", runner, ...words] };
    return { command: find(runner) ?? runner, args: words };
  }
  const named = find(COMMAND);
  // A link on PATH stays where it is when what it leads to gets another version.
  const isSame = args.length === SERVE.length && named !== undefined && whole(named) === whole(program);
  return { command: isSame ? named : program, args };
}

/** npx and bunx put the programs of the project they stand in before everybody's own: those are not what lasts. */
function withoutPackages(path: string): string {
  return path
    .split(delimiter)
    .filter((folder) => !/[/\\]node_modules[/\\]\.bin[/\\]?$/.test(folder))
    .join(delimiter);
}

function whole(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

import { dirname } from "node:path";

/** How this copy of the program came to be where it is, and so what brings it another version. */
export interface Installed {
  readonly by: "download" | "npm" | "npx" | "bunx" | "bun" | "pnpm" | "homebrew" | "plugin" | "source";
  readonly path: string;
  /** The one command that brings another version; null for a file that this program replaces itself. */
  command(version: string): string | null;
  /** Others only ever have the newest version. */
  readonly takesVersions: boolean;
}

const PACKAGE = "ouroboros-mcp";

/** Tells from the paths a program was started by (see self-command.ts): the executable alone once compiled, else with its source. */
export function installedBy(
  { program, script }: { readonly program: string; readonly script: string | undefined },
  platform: NodeJS.Platform = process.platform,
): Installed {
  const path = script ?? program;
  const at = path.replaceAll("\\", "/");
  const packages = at.indexOf("/node_modules/");
  if (packages === -1) {
    if (/\/Cellar\//.test(at)) return { by: "homebrew", path, command: () => "brew upgrade ouroboros", ...NEWEST };
    if (script === undefined) return { by: "download", path, command: () => null, ...ANY };
    const root = dirname(dirname(script));
    return { by: "source", path, command: () => `cd ${quoted(root)} && git pull && scripts/build`, ...NEWEST };
  }
  const root = path.slice(0, packages);
  const manager = (by: Installed["by"], start: string): Installed => ({
    by,
    path,
    command: (version) => `${start} ${PACKAGE}@${version}`,
    ...ANY,
  });
  // What these two have fetched once they keep: the next start fetches the newest when it is gone.
  if (/\/_npx\/[^/]+$/.test(root.replaceAll("\\", "/"))) return kept("npx");
  if (/\/bunx-\d+-[^/]+$/.test(root.replaceAll("\\", "/"))) return kept("bunx");
  if (/\/(\.ouroboros\/plugin|plugins\/data)\//.test(at)) {
    return { by: "plugin", path, command: () => "claude plugin update ouroboros@ouroboros", ...NEWEST };
  }
  if (at.includes("/install/global/node_modules/")) return manager("bun", "bun add --global");
  if (/\/pnpm\/(global|store)\//.test(at)) return manager("pnpm", "pnpm add --global");
  if (/\/(lib|npm)\/node_modules\//.test(at)) return manager("npm", "npm install --global");
  return manager("npm", `cd ${quoted(root)} && npm install`);

  function kept(by: "npx" | "bunx"): Installed {
    const command = platform === "win32" ? `rmdir /s /q "${root}"` : `rm -r ${quoted(root)}`;
    return { by, path, command: () => command, ...NEWEST };
  }
}

const ANY = { takesVersions: true } as const;
const NEWEST = { takesVersions: false } as const;

function quoted(path: string): string {
  return /^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

import { posix, win32 } from "node:path";
import type { Entry, Format, Path } from "./formats/format.ts";
import { jsonWithComments, plainJson } from "./formats/json.ts";
import { toml } from "./formats/toml.ts";
import { yaml } from "./formats/yaml.ts";
import type { Launch } from "./launch.ts";

/** Whose machine this is: hosts keep their files by platform, home and a few variables. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A program that starts MCP servers, and how it wants to be told about one in its user's own configuration. */
export interface Host {
  readonly id: string;
  readonly title: string;
  readonly format: Format;
  /** The files it may be, the one it reads first of those that are there; the first is made when there is none. */
  readonly files: (place: Place) => readonly string[];
  /** Where the servers stand in the file. */
  readonly servers: Path;
  readonly entry: (launch: Launch) => Entry;
  /** Folders that only this program makes, and its name on PATH. */
  readonly folders: (place: Place) => readonly string[];
  readonly programs: readonly string[];
  /** What makes it look at the file. */
  readonly reload: string;
}

/** Paths as the platform spells them. */
interface Place extends Surroundings {
  readonly join: (...parts: string[]) => string;
  /** Where programs keep what people set: `~/.config` or what stands for it. */
  readonly config: string;
  /** A folder that a variable may move; relative ones would depend on where one stands. */
  readonly moved: (variable: string, folder: string) => string;
}

const plain = ({ command, args, env }: Launch): Entry => ({ command, args, ...(env ? { env } : {}) });
const typed = (type: string) => (launch: Launch) => ({ type, ...plain(launch) });
/** For a host that looks tools up when it wants one, and does not pay for all of them in every turn; what a person chose stays. */
const withAllTools = (launch: Launch): Launch => {
  const isChosen = launch.args.some((arg) => arg.startsWith("--toolsets"));
  return isChosen ? launch : { ...launch, args: [...launch.args, "--toolsets", "all"] };
};

export const HOSTS: readonly Host[] = [
  {
    id: "claude-code",
    title: "Claude Code",
    format: plainJson,
    files: ({ join, home, moved }) => [join(moved("CLAUDE_CONFIG_DIR", home), ".claude.json")],
    servers: ["mcpServers"],
    entry: (launch) => typed("stdio")(withAllTools(launch)),
    folders: ({ join, home, moved }) => [moved("CLAUDE_CONFIG_DIR", join(home, ".claude"))],
    programs: ["claude"],
    reload: "Start Claude Code anew; /mcp shows the server",
  },
  {
    id: "claude-desktop",
    title: "Claude Desktop",
    format: plainJson,
    files: (place) => [place.join(appFolder(place, "Claude"), "claude_desktop_config.json")],
    servers: ["mcpServers"],
    entry: plain,
    folders: (place) => [appFolder(place, "Claude")],
    programs: [],
    reload: "Quit Claude Desktop and open it again",
  },
  {
    id: "codex",
    title: "Codex",
    format: toml,
    files: ({ join, home, moved }) => [join(moved("CODEX_HOME", join(home, ".codex")), "config.toml")],
    servers: ["mcp_servers"],
    // Calls answer within 45 s; a form waits for a person.
    entry: ({ command, args, env }) => ({
      command,
      args,
      startup_timeout_sec: 30,
      tool_timeout_sec: 300,
      ...(env ? { env } : {}),
    }),
    folders: ({ join, home, moved }) => [moved("CODEX_HOME", join(home, ".codex"))],
    programs: ["codex"],
    reload: "Start Codex anew; /mcp shows the server",
  },
  {
    id: "gemini",
    title: "Gemini CLI",
    format: jsonWithComments,
    files: ({ join, home }) => [join(home, ".gemini", "settings.json")],
    servers: ["mcpServers"],
    entry: plain,
    folders: ({ join, home }) => [join(home, ".gemini")],
    programs: ["gemini"],
    reload: "Start Gemini CLI anew; /mcp shows the server",
  },
  {
    id: "opencode",
    title: "OpenCode",
    format: jsonWithComments,
    files: ({ join, config }) =>
      ["opencode.json", "opencode.jsonc", "config.json"].map((name) => join(config, "opencode", name)),
    servers: ["mcp"],
    entry: ({ command, args, env }) => ({
      type: "local",
      command: [command, ...args],
      enabled: true,
      ...(env ? { environment: env } : {}),
    }),
    folders: ({ join, config }) => [join(config, "opencode")],
    programs: ["opencode"],
    reload: "Start OpenCode anew; `opencode mcp list` shows the server",
  },
  {
    id: "cursor",
    title: "Cursor",
    format: jsonWithComments,
    files: ({ join, home }) => [join(home, ".cursor", "mcp.json")],
    servers: ["mcpServers"],
    entry: typed("stdio"),
    folders: ({ join, home }) => [join(home, ".cursor")],
    programs: ["cursor", "cursor-agent"],
    reload: "Cursor Settings, MCP: switch it on",
  },
  {
    id: "vscode",
    title: "VS Code",
    format: jsonWithComments,
    files: (place) => [place.join(appFolder(place, "Code"), "User", "mcp.json")],
    servers: ["servers"],
    entry: typed("stdio"),
    folders: (place) => [place.join(appFolder(place, "Code"), "User")],
    programs: ["code"],
    reload: "The command `MCP: List Servers` shows and starts it",
  },
  {
    id: "windsurf",
    title: "Windsurf",
    format: jsonWithComments,
    files: ({ join, home }) => [join(home, ".codeium", "windsurf", "mcp_config.json")],
    servers: ["mcpServers"],
    entry: plain,
    folders: ({ join, home }) => [join(home, ".codeium", "windsurf")],
    programs: ["windsurf"],
    reload: "Refresh the servers in Cascade",
  },
  {
    id: "zed",
    title: "Zed",
    format: jsonWithComments,
    files: (place) => [place.join(zedFolder(place), "settings.json")],
    servers: ["context_servers"],
    entry: ({ command, args, env }) => ({ source: "custom", command, args, env: env ?? {} }),
    folders: (place) => [zedFolder(place)],
    programs: ["zed", "zeditor"],
    reload: "The Agent Panel's settings show the server",
  },
  {
    id: "goose",
    title: "Goose",
    format: yaml,
    files: ({ join, config, platform, env, home }) =>
      platform === "win32"
        ? [join(env.APPDATA ?? join(home, "AppData", "Roaming"), "Block", "goose", "config", "config.yaml")]
        : [join(config, "goose", "config.yaml")],
    servers: ["extensions"],
    entry: ({ command, args, env }) => ({
      enabled: true,
      type: "stdio",
      name: "ouroboros",
      description: "Spec-first workflows: interview, seed, run",
      cmd: command,
      args,
      envs: env ?? {},
      timeout: 300,
    }),
    folders: ({ join, config }) => [join(config, "goose")],
    programs: ["goose"],
    reload: "Start a new Goose session",
  },
  {
    id: "copilot",
    title: "Copilot CLI",
    format: jsonWithComments,
    files: ({ join, home, moved }) => [join(moved("COPILOT_HOME", join(home, ".copilot")), "mcp-config.json")],
    servers: ["mcpServers"],
    entry: (launch) => ({ ...typed("local")(launch), tools: ["*"] }),
    folders: ({ join, home, moved }) => [moved("COPILOT_HOME", join(home, ".copilot"))],
    programs: ["copilot"],
    reload: "Start Copilot CLI anew; /mcp show lists the server",
  },
  {
    id: "kiro",
    title: "Kiro",
    format: jsonWithComments,
    files: ({ join, home }) => [join(home, ".kiro", "settings", "mcp.json")],
    servers: ["mcpServers"],
    entry: (launch) => ({ ...plain(launch), disabled: false }),
    folders: ({ join, home }) => [join(home, ".kiro")],
    programs: ["kiro", "kiro-cli"],
    reload: "Kiro's MCP panel shows the server",
  },
];

/** The name of our entry, whatever the host. */
export const ENTRY_NAME = "ouroboros";

/** Paths on a platform, for the table's functions. */
export function placeOf(surroundings: Surroundings): Place {
  const { platform, home, env } = surroundings;
  const { join, isAbsolute } = platform === "win32" ? win32 : posix;
  const moved = (variable: string, folder: string) => {
    const named = env[variable];
    return named !== undefined && isAbsolute(named) ? named : folder;
  };
  return { ...surroundings, join, moved, config: moved("XDG_CONFIG_HOME", join(home, ".config")) };
}

/** Where desktop programs keep their files. */
function appFolder({ join, platform, home, config, moved }: Place, name: string): string {
  if (platform === "darwin") return join(home, "Library", "Application Support", name);
  return join(platform === "win32" ? moved("APPDATA", join(home, "AppData", "Roaming")) : config, name);
}

function zedFolder({ join, platform, home, config, moved }: Place): string {
  if (platform === "win32") return join(moved("APPDATA", join(home, "AppData", "Roaming")), "Zed");
  return join(platform === "darwin" ? join(home, ".config") : config, "zed");
}

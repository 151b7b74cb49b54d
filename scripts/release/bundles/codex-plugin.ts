import { CODEX, hostSkills } from "./host-skills.ts";
import { PRODUCT, SERVE_ALL } from "./product.ts";

/** What Codex reads before the manifest that the plugin has for Claude Code. */
export const CODEX_MANIFEST = ".codex-plugin/plugin.json";
export const CODEX_FOLDER = "codex";

/** What a person may have set, and Codex hands to a server only by name. */
const HANDED_ON = ["OUROBOROS_HOME", "OUROBOROS_DATABASE_URL", "OUROBOROS_DATABASE_TOKEN", "CODEX_HOME"];

/** What Codex is told of the folder `plugin/`. */
export function codexManifest(): object {
  const { name, title, version, description, license, author, keywords, repository } = PRODUCT;
  return {
    name,
    version,
    description,
    author: { name: author },
    license,
    homepage: repository,
    repository,
    keywords,
    skills: `./${CODEX_FOLDER}/skills/`,
    mcpServers: {
      ouroboros: {
        // Codex expands nothing here; a path is one of the plugin's only from the folder of the plugin.
        command: "./launch/ouroboros",
        args: SERVE_ALL,
        cwd: ".",
        env_vars: HANDED_ON,
        startup_timeout_sec: 30,
        tool_timeout_sec: 300,
      },
    },
    hooks: { hooks: hooks() },
    interface: {
      displayName: title,
      shortDescription: "From a wish to checked work",
      developerName: author,
      category: "Coding",
      capabilities: ["Interactive", "Write"],
      websiteURL: repository,
      defaultPrompt: ["ooo interview: a diary that nobody else can read", "ooo status", "ooo help"],
    },
  };
}

/** The plugin's skills as Codex is to read them: the text of each file, by its path in the plugin. */
export function codexSkills(): Readonly<Record<string, string>> {
  const files = Object.entries(hostSkills(CODEX)).map(([path, text]) => [`${CODEX_FOLDER}/${path}`, text]);
  return Object.fromEntries(files);
}

/**
 * Named here so that Codex does not take those of hooks/hooks.json, which are for Claude Code: it leaves out a hook's `args`, so
 * that a shell would be started with what the person has typed as its script.
 */
function hooks(): object {
  // The server is not told of the plugin's data folder, so a program it has fetched is not in there.
  const card = 'CLAUDE_PLUGIN_DATA= exec "$PLUGIN_ROOT/launch/ouroboros" card';
  const prompt = 'exec "$PLUGIN_ROOT/launch/ooo"';
  const silent = "exit 0";
  const run = (command: string) => ({ type: "command", command, commandWindows: silent, timeout: 5 });
  return { SessionStart: [{ hooks: [run(card)] }], UserPromptSubmit: [{ hooks: [run(prompt)] }] };
}

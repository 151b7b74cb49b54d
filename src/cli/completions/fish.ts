import { pathOf } from "./bash.ts";
import { type CommandNode, SESSION_IDS, SHELLS } from "./command-node.ts";

/** The completion script for fish. */
export function fishScript(commands: readonly CommandNode[]): string {
  const lines = commands.flatMap((node) => [ownLine(node), ...flagLines(node), ...argumentLines(node)]);
  const paths = commands.map((node) => `'${pathOf(node)}'`);
  return `# Completions of ouroboros for fish: save this file as ouroboros.fish in ~/.config/fish/completions.
function __ouroboros_session_ids
    ${SESSION_IDS.replace(/;$/, "")}
end

function __ouroboros_at
    set -l place
    for word in (commandline -opc)[2..]
        contains -- (string join -- ' ' $place $word) ${paths.join(" ")}; and set -a place $word
    end
    test "$place" = "$argv"
end

complete -c ouroboros -f
complete -c ouroboros -n '__ouroboros_at' -l version -d 'Print the version and exit'
complete -c ouroboros -l help -d 'Print help and exit'
${lines.join("\n")}
`;
}

function ownLine(node: CommandNode): string {
  return `complete -c ouroboros -n '${at(node.path.slice(0, -1))}' -a ${node.path.at(-1)} -d '${brief(node.brief)}'`;
}

function flagLines(node: CommandNode): string[] {
  return node.flags.map((flag) => {
    const values = flag.isSessionId
      ? " -a '(__ouroboros_session_ids)'"
      : flag.values.length > 0
        ? ` -a '${flag.values.join(" ")}'`
        : "";
    const value = flag.takesValue ? (flag.name === "db" ? " -r -F" : ` -x${values}`) : "";
    return `complete -c ouroboros -n '${at(node.path)}' -l ${flag.name}${value} -d '${brief(flag.brief)}'`;
  });
}

function argumentLines(node: CommandNode): string[] {
  if (node.argument === undefined) return [];
  const words = node.argument === "shell" ? SHELLS.join(" ") : "(__ouroboros_session_ids)";
  return [`complete -c ouroboros -n '${at(node.path)}' -a '${words}'`];
}

/** Whether these are the commands before the cursor: one name may stand in several groups. */
function at(path: readonly string[]): string {
  return ["__ouroboros_at", ...path].join(" ");
}

function brief(text: string): string {
  return text.replaceAll("'", "’");
}

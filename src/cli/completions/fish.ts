import { below } from "./bash.ts";
import { type CommandNode, SESSION_IDS, SHELLS } from "./command-node.ts";

/** The completion script for fish. */
export function fishScript(commands: readonly CommandNode[]): string {
  const lines = commands.flatMap((node) => [ownLine(commands, node), ...flagLines(node), ...argumentLines(node)]);
  return `# Completions of ouroboros for fish: save this file as ouroboros.fish in ~/.config/fish/completions.
function __ouroboros_session_ids
    ${SESSION_IDS.replace(/;$/, "")}
end

complete -c ouroboros -f
complete -c ouroboros -n '__fish_use_subcommand' -l version -d 'Print the version and exit'
complete -c ouroboros -l help -d 'Print help and exit'
${lines.join("\n")}
`;

  function ownLine(all: readonly CommandNode[], node: CommandNode): string {
    const siblings = below(all, node.path.slice(0, -1).join(" ")).join(" ");
    const parent = node.path.slice(0, -1);
    const at =
      parent.length === 0
        ? "__fish_use_subcommand"
        : `__fish_seen_subcommand_from ${parent.join(" ")}; and not __fish_seen_subcommand_from ${siblings}`;
    return `complete -c ouroboros -n '${at}' -a ${node.path.at(-1)} -d '${brief(node.brief)}'`;
  }
}

function flagLines(node: CommandNode): string[] {
  return node.flags.map((flag) => {
    const values = flag.isSessionId
      ? " -a '(__ouroboros_session_ids)'"
      : flag.values.length > 0
        ? ` -a '${flag.values.join(" ")}'`
        : "";
    const value = flag.takesValue ? (flag.name === "db" ? " -r -F" : ` -x${values}`) : "";
    return `complete -c ouroboros -n '${seen(node)}' -l ${flag.name}${value} -d '${brief(flag.brief)}'`;
  });
}

function argumentLines(node: CommandNode): string[] {
  if (node.argument === undefined) return [];
  const words = node.argument === "shell" ? SHELLS.join(" ") : "(__ouroboros_session_ids)";
  return [`complete -c ouroboros -n '${seen(node)}' -a '${words}'`];
}

function seen(node: CommandNode): string {
  return node.path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
}

function brief(text: string): string {
  return text.replaceAll("'", "’");
}

import { isGroup, pathOf } from "./bash.ts";
import { type CommandNode, type FlagNode, SESSION_IDS, SHELLS } from "./command-node.ts";

/** The completion script for zsh, to be saved as `_ouroboros` in a folder of fpath. */
export function zshScript(commands: readonly CommandNode[]): string {
  return `#compdef ouroboros
# Completions of ouroboros for zsh: save this file as _ouroboros in a folder of fpath, or source it after compinit.
_ouroboros_session_ids() {
  local -a ids
  ids=(\${(f)"$(${SESSION_IDS})"})
  compadd -a ids
}

_ouroboros() {
  local place="" at
  local -a found
  for ((at = 2; at < CURRENT; at++)); do
    case "$place \${words[at]}" in
${commands.map((node) => `      (${quoted(` ${pathOf(node)}`)}) place=${quoted(` ${pathOf(node)}`)} ;;`).join("\n")}
    esac
  done
  case "$place \${words[CURRENT-1]}" in
${flagValues(commands)}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    case "$place" in
${commands.map((node) => `      (${quoted(` ${pathOf(node)}`)}) ${described(flagsOf(node))} ;;`).join("\n")}
      (*) ${described([
        ["--help", "Print help and exit"],
        ["--version", "Print the version and exit"],
      ])} ;;
    esac
    return
  fi
  case "$place" in
    ("") ${described(childrenOf(commands, ""))} ;;
${commands
  .filter((node) => isGroup(commands, node))
  .map((node) => `    (${quoted(` ${pathOf(node)}`)}) ${described(childrenOf(commands, pathOf(node)))} ;;`)
  .join("\n")}
${commands
  .filter(({ argument }) => argument !== undefined)
  .map(
    (node) =>
      `    (${quoted(` ${pathOf(node)}`)}) ${node.argument === "shell" ? plain(SHELLS) : "_ouroboros_session_ids"} ;;`,
  )
  .join("\n")}
  esac
}

if [[ "$funcstack[1]" == _ouroboros ]]; then
  _ouroboros "$@"
else
  compdef _ouroboros ouroboros
fi
`;
}

function flagsOf(node: CommandNode): [string, string][] {
  return [
    ...node.flags.map(({ name, brief }): [string, string] => [`--${name}`, brief]),
    ["--help", "Print help and exit"],
  ];
}

function childrenOf(commands: readonly CommandNode[], group: string): [string, string][] {
  return commands
    .filter(({ path }) => path.slice(0, -1).join(" ") === group)
    .map(({ path, brief }) => [path.at(-1) ?? "", brief]);
}

function flagValues(commands: readonly CommandNode[]): string {
  const cases = commands.flatMap((node) =>
    node.flags
      .filter(({ takesValue }) => takesValue)
      .map((flag) => `    (${quoted(` ${pathOf(node)} --${flag.name}`)}) ${valuesOf(flag)}; return ;;`),
  );
  return cases.join("\n");
}

function valuesOf(flag: FlagNode): string {
  if (flag.isSessionId) return "_ouroboros_session_ids";
  return flag.name === "db" ? "_files" : plain(flag.values);
}

function plain(list: readonly string[]): string {
  return list.length === 0 ? ":" : `compadd -- ${list.join(" ")}`;
}

/** A colon would end the word that is described. */
function described(pairs: readonly (readonly [word: string, brief: string])[]): string {
  const items = pairs.map(([word, brief]) => `'${word}:${brief.replaceAll("'", "’")}'`);
  return `found=(${items.join(" ")}); _describe ouroboros found`;
}

function quoted(text: string): string {
  return `"${text}"`;
}

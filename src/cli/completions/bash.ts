import { type CommandNode, type FlagNode, SESSION_IDS, SHELLS } from "./command-node.ts";

/** The completion script for bash, from the 3.2 of macOS on; needs no package beside bash itself. */
export function bashScript(commands: readonly CommandNode[]): string {
  const groups = ["", ...commands.filter((node) => isGroup(commands, node)).map(pathOf)];
  return `# Completions of ouroboros for bash: source this file, or put it where bash-completion looks.
_ouroboros_session_ids() {
  ${SESSION_IDS}
}

_ouroboros() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    case "$path $word" in
${commands.map((node) => `      ${quoted(` ${pathOf(node)}`)}) path=${quoted(` ${pathOf(node)}`)} ;;`).join("\n")}
    esac
  done
  case "$path $previous" in
${flagValues(commands)}
  esac
  if [[ "$current" == -* ]]; then
    case "$path" in
${commands.map((node) => `      ${quoted(` ${pathOf(node)}`)}) ${words(flagNames(node))} ;;`).join("\n")}
      *) ${words(["--help", "--version"])} ;;
    esac
    return
  fi
  case "$path" in
${groups.map((group) => `    ${quoted(group === "" ? "" : ` ${group}`)}) ${words(below(commands, group))} ;;`).join("\n")}
${argumentLines(commands)}
  esac
}

complete -F _ouroboros ouroboros
`;
}

/** The names of a command's flags, each with its dashes. */
function flagNames(node: CommandNode): string[] {
  return [...node.flags.map(({ name }) => `--${name}`), "--help"];
}

/** The commands right below a group; the empty name is the program itself. */
function below(commands: readonly CommandNode[], group: string): string[] {
  return commands.filter(({ path }) => path.slice(0, -1).join(" ") === group).map(({ path }) => path.at(-1) ?? "");
}

/** Does a command only hold others? */
export function isGroup(commands: readonly CommandNode[], node: CommandNode): boolean {
  return below(commands, pathOf(node)).length > 0;
}

/** A command as it is typed. */
export function pathOf({ path }: CommandNode): string {
  return path.join(" ");
}

function flagValues(commands: readonly CommandNode[]): string {
  const cases = commands.flatMap((node) =>
    node.flags
      .filter(({ takesValue }) => takesValue)
      .map((flag) => `    ${quoted(` ${pathOf(node)} --${flag.name}`)}) ${valuesOf(flag)}; return ;;`),
  );
  return cases.join("\n");
}

function valuesOf(flag: FlagNode): string {
  if (flag.isSessionId) return ids();
  if (flag.name === "db") return `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current"))`;
  return words(flag.values);
}

function argumentLines(commands: readonly CommandNode[]): string {
  const cases = commands.flatMap((node) => {
    if (node.argument === undefined) return [];
    return [`    ${quoted(` ${pathOf(node)}`)}) ${node.argument === "shell" ? words(SHELLS) : ids()} ;;`];
  });
  return cases.join("\n");
}

function ids(): string {
  return 'COMPREPLY=($(compgen -W "$(_ouroboros_session_ids)" -- "$current"))';
}

function words(list: readonly string[]): string {
  return list.length === 0 ? ":" : `COMPREPLY=($(compgen -W ${quoted(list.join(" "))} -- "$current"))`;
}

function quoted(text: string): string {
  return `"${text}"`;
}

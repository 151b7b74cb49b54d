import type { Criterion } from "../seed.ts";
import { atCriterion, type Finding, type LintCode } from "./finding.ts";
import { baseName, destroys, ROOT, runsDownload } from "./harm.ts";
import { platformFault } from "./platform-shell.ts";
import { type ShellCommand, shellCommands } from "./shell-commands.ts";

/** Checks that are missing, prove nothing, do harm, or cannot work on this platform; they are read, never run. */
export function verifyFindings(criteria: readonly Criterion[], platform: string): Finding[] {
  return criteria.flatMap(({ verify_command, verify_exemption_reason }, index): Finding[] => {
    if (verify_command !== null) return commandFindings(verify_command, atCriterion(index, "verify_command"), platform);
    if (verify_exemption_reason !== null) return [];
    const message = "Name a command that fails until this is done, or say in verify_exemption_reason why there is none";
    return [{ severity: "warning", where: atCriterion(index, "verify_command"), code: "verify_missing", message }];
  });
}

function commandFindings(line: string, where: string, platform: string): Finding[] {
  const commands = shellCommands(line);
  const found = (severity: Finding["severity"], code: LintCode, message: string): Finding => {
    return { severity, where, code, message };
  };
  const findings: Finding[] = [];
  if (runsDownload(commands)) {
    findings.push(found("error", "verify_remote_code", "It runs what it downloads: put that program into the project"));
  }
  for (const command of commands) {
    const fault = firstFault(command);
    if (fault) findings.push(found(...fault));
  }
  const left = commands.find(({ sign }) => sign === "&");
  if (left)
    findings.push(found("warning", "verify_background", `"${left.program} … &" goes on when the check is over`));
  if (commands.length > 0 && commands.every(provesNothing)) {
    findings.push(found("warning", "verify_proves_nothing", "It succeeds whatever was done: run a test instead"));
  }
  if (HOME.test(line)) {
    const message = "It names somebody's own folder: write paths relative to the project";
    findings.push({ ...found("warning", "verify_home_path", message), ...homeRepair(line) });
  }
  const foreign = platformFault(line, commands, platform);
  if (foreign) findings.push(found("warning", "verify_not_portable", foreign));
  return findings;
}

type Fault = readonly [Finding["severity"], LintCode, string];

/** The gravest thing about one command. */
function firstFault(command: ShellCommand): Fault | undefined {
  const { program, args } = command;
  const name = baseName(program);
  if (ROOT.has(name)) return ["error", "verify_needs_root", `"${name}" will not be granted: check without it`];
  if (destroys(command)) {
    return ["error", "verify_destructive", `"${said(command)}" destroys more than a check may: look, do not change`];
  }
  if (!isProgram(program) || (PROSE.has(program.toLowerCase()) && args.length > 0) || isSentence(program, args)) {
    return ["warning", "verify_prose", `"${said(command)}" is no command: write one that a shell can run`];
  }
  if (waits(name, args))
    return ["warning", "verify_interactive", `"${said(command)}" waits for somebody at a terminal`];
  if (isEndless(name, args) && command.sign !== "&") {
    return ["warning", "verify_never_ends", `"${said(command)}" runs until it is stopped: a check must end by itself`];
  }
  return undefined;
}

function said({ program, args }: ShellCommand): string {
  const text = [program, ...args].join(" ");
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** What could be a program's name or path, a variable that holds one, or the bracket that is one. */
function isProgram(program: string): boolean {
  return /^(?:\[{1,2}|(?:[A-Za-z]:|~|\$\{?\w+\}?)?[\p{L}\p{N}_./\\@+-]+|\$\S+|%\w+%)$/u.test(program);
}

/** Words a sentence about checking begins with. `open`, `make` and `test` are programs too, so what follows decides. */
const PROSE = new Set([
  "run",
  "check",
  "ensure",
  "verify",
  "confirm",
  "manually",
  "click",
  "the",
  "see",
  "inspect",
  "review",
]);
const SMALL_WORDS = new Set(["the", "a", "that", "if", "sure", "all", "and", "is", "are", "it", "to"]);

function isSentence(program: string, args: readonly string[]): boolean {
  const small = args.filter((arg) => SMALL_WORDS.has(arg.toLowerCase())).length;
  return /^\p{L}+$/u.test(program) && !["echo", "printf", "grep", "rg"].includes(program) && small >= 2;
}

const EDITORS = new Set([
  "vi",
  "vim",
  "nvim",
  "nano",
  "emacs",
  "less",
  "more",
  "top",
  "htop",
  "ftp",
  "telnet",
  "open",
  "xdg-open",
]);
const SHELLS = new Set([
  "python",
  "python3",
  "node",
  "irb",
  "ghci",
  "bash",
  "sh",
  "zsh",
  "psql",
  "mysql",
  "sqlite3",
  "deno",
]);

function waits(name: string, args: readonly string[]): boolean {
  if (EDITORS.has(name) || name === "read") return !args.includes("--version");
  if (SHELLS.has(name)) return args.length === 0;
  if (name === "npm" && args[0] === "init") return !args.some((arg) => arg === "-y" || arg === "--yes");
  if (name !== "git") return false;
  return (
    (args[0] === "rebase" && args.some((arg) => arg === "-i" || arg === "--interactive")) ||
    (args[0] === "commit" && !args.some((arg) => /^(?:-\w*[mFC]|--(?:message|file|no-edit|reuse-message))/.test(arg)))
  );
}

const RUNNERS = new Set(["npm", "pnpm", "yarn", "bun"]);
const SERVING = new Set(["start", "dev", "serve", "watch"]);

function isEndless(name: string, args: readonly string[]): boolean {
  if (args.some((arg) => arg === "--watch" || arg === "--watchAll" || arg === "--watch=true")) return true;
  if (name === "tail") return args.some((arg) => /^-\w*[fF]|^--follow/.test(arg));
  const verb = args[0] === "run" ? args[1] : args[0];
  return name === "watch" || (RUNNERS.has(name) && SERVING.has(verb ?? ""));
}

function provesNothing({ program, args, sign }: ShellCommand): boolean {
  if (sign === "|") return false;
  const name = baseName(program);
  return name === "true" || name === ":" || name === "echo" || name === "pwd" || (name === "exit" && args[0] === "0");
}

const HOME =
  /(?<![\w.])(?:\/home\/[\w.-]+|\/Users\/[\w.-]+|\/root(?=\/|\s|$)|[A-Za-z]:\\Users\\[\w.-]+|~\/|\$\{?HOME\}?\/)/;

/** Only where every one of them is the same project's folder can anybody say what would be written instead. */
function homeRepair(line: string): Pick<Finding, "repair"> {
  const cd = /^cd\s+(\S+)\s*&&\s*(.+)$/s.exec(line);
  const [, folder = "", rest = ""] = cd ?? [];
  if (!HOME.test(folder) || HOME.test(rest)) return {};
  return { repair: { what: "Checks start in the project's folder already", value: rest } };
}

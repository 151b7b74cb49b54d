import type { ShellCommand } from "./shell-commands.ts";

/** A program's name without its folder and ending. */
export function baseName(program: string): string {
  const name = program.split(/[/\\]/).at(-1) ?? "";
  return name.replace(/\.(?:exe|cmd|bat)$/i, "").toLowerCase();
}

/** Programs that ask for an administrator's rights. */
export const ROOT = new Set(["sudo", "su", "doas", "pkexec", "runas"]);

const DOWNLOADERS = new Set(["curl", "wget", "iwr", "irm", "invoke-webrequest", "invoke-restmethod"]);
const INTERPRETERS =
  /^(?:(?:ba|z|da|k|fi)?sh|python[\d.]*|node|bun|deno|perl|ruby|php|pwsh|powershell|iex|invoke-expression|eval|source|\.)$/;
const SUBSTITUTED = /(?:<\(|\$\(|`)\s*(?:curl|wget|iwr|irm|invoke-\w+)\b/i;

/** A download piped on to what takes its program from there; or one that stands where a program's text is expected. */
export function runsDownload(commands: readonly ShellCommand[]): boolean {
  let isFlowing = false;
  for (const { program, args, sign } of commands) {
    const words = [program, ...args];
    const at = words.findIndex((word) => INTERPRETERS.test(baseName(word)));
    const isRun = at === 0 || (at > 0 && ROOT.has(baseName(program)));
    if (isRun && isFlowing && readsProgram(words.slice(at + 1))) return true;
    if (isRun && words.some((word) => SUBSTITUTED.test(word))) return true;
    isFlowing = sign === "|" && (isFlowing || DOWNLOADERS.has(baseName(program)));
  }
  return false;
}

/** With a program of its own, in a file or as an argument, what comes in is only data. */
function readsProgram(args: readonly string[]): boolean {
  if (args.includes("-") || args.includes("-s")) return true;
  return args.every((arg) => arg.startsWith("-") && !/^-(?:-eval|-print|\w*[cempr])/.test(arg));
}

const ENDERS = new Set(["mkfs", "fdisk", "shutdown", "reboot", "halt", "poweroff", "killall", "pkill", "format"]);
const OUTSIDE =
  /^(?:\/\*?|\/(?:bin|boot|dev|etc|home|lib|opt|root|sbin|srv|sys|usr|var|Users)\b.*|~.*|\$\{?HOME\b.*|\.\.(?:\/.*)?|[A-Za-z]:\\?.*|\*|\.|\.\/?\*?)$/;

/** Does a command destroy work that is not its own, or what is outside the project? */
export function destroys({ program, args }: ShellCommand): boolean {
  const name = baseName(program);
  const flags = args.filter((arg) => arg.startsWith("-")).join(" ");
  const targets = args.filter((arg) => !arg.startsWith("-"));
  const isOutside = targets.some((target) => OUTSIDE.test(target));
  const [verb = ""] = targets;
  switch (name) {
    case "rm":
      return /-\w*[rR]|--recursive/.test(flags) && isOutside;
    case "chmod":
    case "chown":
      return /-\w*R/.test(flags) && isOutside;
    case "dd":
      return targets.some((target) => target.startsWith("of=/dev/"));
    case "kill":
      return targets.includes("-1") || args.at(-1) === "-1";
    case "git":
      if (verb === "reset") return flags.includes("--hard");
      if (verb === "clean") return /-\w*f/.test(flags);
      return verb === "push" || ((verb === "checkout" || verb === "restore") && targets.includes("."));
    default:
      return ENDERS.has(name.split(".")[0] ?? "") || program.startsWith(":(){");
  }
}

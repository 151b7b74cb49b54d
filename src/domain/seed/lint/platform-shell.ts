import type { ShellCommand } from "./shell-commands.ts";

/** Why a command line would not run in this platform's own shell; undefined when nothing speaks against it. */
export function platformFault(line: string, commands: readonly ShellCommand[], platform: string): string | undefined {
  return platform === "win32" ? posixFault(line, commands) : windowsFault(line, commands);
}

const POSIX_PROGRAMS = new Set(
  "[ [[ awk bash cat chmod chown cp cut diff export false find grep head ls mv rm sed sh source tail tee test touch tr true uname wc which xargs".split(
    " ",
  ),
);
const POSIX_SYNTAX: readonly (readonly [RegExp, string])[] = [
  [/\$\(|`/, "$(…) and backticks"],
  [/\/dev\/null/, "/dev/null"],
  [/\$\{?[A-Za-z_]\w*/, "$VARIABLE"],
  [/(?:^|[\s=])'[^']*'/, "single quotes"],
  [/(?:^|&&|\|\||[;|])\s*\.\/\S/, "./program"],
];

function posixFault(line: string, commands: readonly ShellCommand[]): string | undefined {
  const shell = commands.find(({ program }) => POSIX_PROGRAMS.has(program));
  if (shell) return `Windows has no "${shell.program}": use the project's own runner, such as npm test`;
  if (commands.some(({ setsVariables }) => setsVariables)) return "Windows cannot set a variable before a program";
  const syntax = POSIX_SYNTAX.find(([pattern]) => pattern.test(line));
  return syntax && `Windows' shell does not know ${syntax[1]}: use the project's own runner, such as npm test`;
}

const WINDOWS_PROGRAMS = new Set(["cmd", "powershell", "findstr", "dir", "copy", "del", "tasklist", "where", "type"]);

function windowsFault(line: string, commands: readonly ShellCommand[]): string | undefined {
  const shell = commands.find(({ program, args }) => {
    const name = program.toLowerCase();
    // `type` and `where` with options of this side are this side's.
    return (
      /\.(?:exe|cmd|bat|ps1)$/.test(name) || (WINDOWS_PROGRAMS.has(name) && !args.some((arg) => arg.startsWith("-")))
    );
  });
  if (shell) return `"${shell.program}" is a program of Windows`;
  if (/%[A-Za-z_]\w{2,}%/.test(line)) return "%VARIABLE% is read by Windows only";
  return /(?:^|[\s"'=])[A-Za-z]:\\/.test(line) ? "A path with a drive is known to Windows only" : undefined;
}

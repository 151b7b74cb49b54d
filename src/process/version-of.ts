import { execFile } from "node:child_process";
import { messageOf } from "../base/errors.ts";
import { neutralFolder } from "./neutral-folder.ts";

/** A large file that nobody has run yet, on a busy machine, perhaps looked through by a virus scanner. */
const PATIENCE_MS = 120_000;

/** What a program that is this one in another version answers to `--version`, or why it does not answer. */
export function versionOf(program: string): Promise<{ readonly version: string } | { readonly why: string }> {
  const options = { cwd: neutralFolder(), timeout: PATIENCE_MS, killSignal: "SIGKILL", windowsHide: true } as const;
  return new Promise((resolve) => {
    try {
      execFile(program, ["--version"], options, (error, stdout, stderr) => {
        if (error === null) resolve({ version: stdout.trim() });
        else resolve({ why: stderr.trim().split("\n").at(-1) || messageOf(error) });
      });
    } catch (error) {
      resolve({ why: messageOf(error) });
    }
  });
}

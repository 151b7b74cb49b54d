import { isAbsolute } from "node:path";
import { type Refusal, refuse } from "../base/refusal.ts";
import { readHostBinding } from "../sessions/resume/host-binding.ts";

/** The folder a call is about: the one it names, else the host's project, else where the server was started. */
export function projectFolder(named: string | undefined): string | Refusal {
  const folder = named ?? readHostBinding(process.env).project_dir ?? process.cwd();
  if (isAbsolute(folder)) return folder;
  return refuse("bad_cwd", `Not an absolute folder: ${folder}`, "Pass the project's whole path");
}

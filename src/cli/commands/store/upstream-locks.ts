import { existsSync, readdirSync } from "node:fs";
import { readPythonLock } from "../../../process/python-lock.ts";

/** The locks of upstream's programs, by whether their holder lives. */
export function upstreamLocks(folder: string): { readonly live: readonly string[]; readonly dead: readonly string[] } {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const states = names.map((name) => ({ name, state: readPythonLock(folder, name).state }));
  const of = (state: string) => states.filter((one) => one.state === state).map(({ name }) => name);
  return { live: of("live"), dead: of("dead") };
}

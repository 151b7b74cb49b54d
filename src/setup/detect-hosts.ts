import { existsSync } from "node:fs";
import { type Refusal, refuse } from "../base/refusal.ts";
import { findProgram } from "../process/find-program.ts";
import { HOSTS, type Host, placeOf, type Surroundings } from "./hosts.ts";

/** The hosts that seem to be in use here, by their files, folders and programs; none of them is run. */
export function detectHosts(surroundings: Surroundings): Host[] {
  const place = placeOf(surroundings);
  const path = surroundings.env.PATH ?? "";
  return HOSTS.filter(
    ({ files, folders, programs }) =>
      [...files(place), ...folders(place)].some((one) => existsSync(one)) ||
      programs.some((name) => findProgram(name, path, null) !== null),
  );
}

/** The file of a host that counts here: the first that is there, else the one it would be. */
export function configPath(host: Host, surroundings: Surroundings): string {
  const files = host.files(placeOf(surroundings));
  return files.find((file) => existsSync(file)) ?? files[0] ?? "";
}

/** Finds hosts by their names. */
export function hostsNamed(names: readonly string[]): readonly Host[] | Refusal {
  const unknown = names.find((name) => !HOSTS.some(({ id }) => id === name));
  const known = HOSTS.map(({ id }) => id).join(", ");
  if (unknown !== undefined) return refuse("unknown_host", `No host is called ${unknown}`, `Known are ${known}`);
  return HOSTS.filter(({ id }) => names.includes(id));
}

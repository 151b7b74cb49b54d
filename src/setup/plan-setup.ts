import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { type ConfigFile, hashOf, readConfigFile, readOnlyRefusal } from "./config-file.ts";
import { configPath } from "./detect-hosts.ts";
import { applyEdits, invertEdits } from "./edit.ts";
import { carriedOver, type EntryKind, entryKind, goneProgram, secretsOf, withOwnFlags } from "./entry-kind.ts";
import { changeEntry } from "./formats/change-entry.ts";
import { type Entry, type Fault, isFault, isObject, valueAt } from "./formats/format.ts";
import { ENTRY_NAME, type Host, type Surroundings } from "./hosts.ts";
import type { Launch } from "./launch.ts";
import { type Applied, type Receipt, readReceipt } from "./receipts.ts";
import { type ShownEdit, shownChange } from "./shown-change.ts";

/** What setting up and taking away need to know of this machine and of this program. */
export interface SetupContext {
  readonly surroundings: Surroundings;
  /** The Ouroboros home, where receipts are kept. */
  readonly home: string;
  readonly launch: Launch;
}

/** What would be done to one host's file. */
export interface SetupPlan {
  readonly host: Host;
  readonly path: string;
  readonly status: "add" | "replace" | "update" | "same";
  /** Whose entry stands there now. */
  readonly found: EntryKind | undefined;
  readonly shown: readonly ShownEdit[];
  /** The program of that entry, where it is named by its path and is not there. */
  readonly gone: string | undefined;
  /** Other names under which the Python program is registered too. */
  readonly alsoPython: readonly string[];
  /** What is written: nothing, when everything is there. */
  readonly write: { readonly file: ConfigFile; readonly after: string; readonly applied: Applied } | undefined;
}

/** Plans the entry of one host; writes nothing. */
export async function planSetup(host: Host, context: SetupContext): Promise<SetupPlan | Refusal> {
  const { surroundings, home, launch } = context;
  const path = configPath(host, surroundings);
  const file = await readConfigFile(path);
  if (isRefusal(file)) return file;
  const document = host.format.read(file.text);
  if (isFault(document)) return unreadable(path, document);
  const searchPath = surroundings.env.PATH ?? "";
  const place = [...host.servers, ENTRY_NAME];
  const current = valueAt(document.value, place);
  const found = current === undefined ? undefined : entryKind(current, launch, searchPath);
  const servers = valueAt(document.value, host.servers);
  const alsoPython = Object.entries(isObject(servers) ? servers : {})
    .filter(([name, entry]) => name !== ENTRY_NAME && entryKind(entry, launch, searchPath) === "python")
    .map(([name]) => name);
  const plan = { host, path, found, alsoPython, gone: goneProgram(current) };
  if (found === "this") return { ...plan, status: "same", shown: [], write: undefined };
  if (found === "foreign") {
    const message = `Cannot add the server to ${path}: another one is called ${ENTRY_NAME} there`;
    return refuse("entry_taken", message, "Rename or remove that one, then run setup again", { path });
  }
  const kept = readOnlyRefusal(file);
  if (kept) return kept;

  const entry = carriedOver(current, host.entry(found === "ours" ? withOwnFlags(launch, current) : launch));
  const shown = changeEntry(host.format, file.text, place, entry);
  if (isFault(shown)) return unreadable(path, shown);
  const base = await baseOf(host, file, await readReceipt(home, host.id, path), found);
  const change = base.text === file.text ? shown : changeEntry(host.format, base.text, place, entry);
  if (isFault(change)) return unreadable(path, change);
  const before = base.text === file.text ? document : host.format.read(base.text);
  const baseValue = isFault(before) ? undefined : before.value;
  const old = valueAt(baseValue, place);
  const applied: Applied = {
    at: new Date().toISOString(),
    before: hashOf(file.mark + base.text),
    after: hashOf(file.mark + change.after),
    edits: [...change.edits],
    created: base.created,
    folders: [...base.folders],
    depth: place.findIndex((_, at) => valueAt(baseValue, place.slice(0, at + 1)) === undefined),
    ...(isObject(old) ? { old: { ...old } } : {}),
  };
  return {
    ...plan,
    status: found === undefined ? "add" : found === "python" ? "replace" : "update",
    shown: shownChange(file.text, shown.edits, [...secretsOf(current), ...secretsOf(entry)]),
    write: { file, after: change.after, applied },
  };
}

/** Says where a host's file cannot be read, or not be changed. */
export function unreadable(path: string, { fault, line, column }: Fault): Refusal {
  const message = `Cannot change ${path}: line ${line}, column ${column}: ${fault}`;
  const next = "Mend that place, or add the entry by hand: `ouroboros setup --print` shows it";
  return refuse("config_unreadable", message, next, { path, line, column });
}

interface Base extends Pick<Applied, "created" | "folders"> {
  readonly text: string;
}

/** The file as it would be without us: what uninstall is to lead back to, also after several setups. */
async function baseOf(
  { format, servers }: Host,
  file: ConfigFile,
  receipt: Receipt | undefined,
  found: EntryKind | undefined,
): Promise<Base> {
  const exact = receipt?.applied.find(({ after }) => after === file.hash);
  if (exact) return { ...exact, text: applyEdits(file.text, invertEdits(exact.edits)) };
  const asItIs = { text: file.text, created: file.stats === undefined, folders: [] };
  const [last] = receipt?.applied ?? [];
  if (last === undefined || found !== "ours") return asItIs;
  // Somebody else has written the file since: what we once put there is ours all the same.
  const stripped = changeEntry(format, file.text, [...servers, ENTRY_NAME], last.old as Entry | undefined);
  return isFault(stripped) ? asItIs : { text: stripped.after, created: last.created, folders: last.folders };
}

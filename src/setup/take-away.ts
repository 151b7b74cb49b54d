import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import { changedMeanwhile } from "./carry-out-setup.ts";
import {
  backUp,
  type ConfigFile,
  hashOf,
  readConfigFile,
  readOnlyRefusal,
  removeConfigFile,
  removeEmptyFolders,
  replaceConfigFile,
} from "./config-file.ts";
import { configPath } from "./detect-hosts.ts";
import { applyEdits, type Edit, invertEdits } from "./edit.ts";
import { type EntryKind, entryKind, secretsOf } from "./entry-kind.ts";
import { type Change, changeEntry } from "./formats/change-entry.ts";
import { type Fault, isFault, isObject, type Path, valueAt } from "./formats/format.ts";
import { ENTRY_NAME, HOSTS, type Host } from "./hosts.ts";
import { type SetupContext, unreadable } from "./plan-setup.ts";
import { type Applied, listReceipts, type Receipt, readReceipt, removeNotes } from "./receipts.ts";
import { type ShownEdit, shownChange } from "./shown-change.ts";

/** What would be taken away from one host's file. */
export interface RemovalPlan {
  readonly host: Host;
  readonly path: string;
  /**
   * `restore`: byte for byte as it was; `delete`: setup made the file; `remove`, `put_back`: the file was changed since, so
   * only our entry goes, or what it had replaced comes back; `absent`: nothing of ours is there.
   */
  readonly status: "restore" | "delete" | "remove" | "put_back" | "absent";
  readonly shown: readonly ShownEdit[];
  readonly receipt: Receipt | undefined;
  readonly write:
    | { readonly file: ConfigFile; readonly after: string; readonly folders: readonly string[] }
    | undefined;
}

/** The files that may hold an entry of ours: those with a receipt, and those that hosts read here. */
export async function removalTargets(
  hosts: readonly Host[],
  { home, surroundings }: SetupContext,
): Promise<{ host: Host; path: string }[]> {
  const noted = (await listReceipts(home)).flatMap(({ host: id, path }) => {
    const host = HOSTS.find((one) => one.id === id);
    return host ? [{ host, path }] : [];
  });
  const usual = HOSTS.map((host) => ({ host, path: configPath(host, surroundings) }));
  const all = [...noted, ...usual.filter(({ path }) => !noted.some((one) => one.path === path))];
  return hosts.flatMap((host) => all.filter((one) => one.host === host));
}

/** Plans what leads back from what setup has written; writes nothing. */
export async function planRemoval(host: Host, path: string, context: SetupContext): Promise<RemovalPlan | Refusal> {
  const receipt = await readReceipt(context.home, host.id, path);
  const plan = { host, path, receipt };
  const file = await readConfigFile(path);
  if (isRefusal(file)) return receipt ? file : { ...plan, status: "absent", shown: [], write: undefined };
  const way = wayBack(host, file, receipt, context);
  if (way === undefined) return { ...plan, status: "absent", shown: [], write: undefined };
  if (isFault(way)) {
    const isNamed = receipt !== undefined || file.text.includes(ENTRY_NAME);
    return isNamed ? unreadable(path, way) : { ...plan, status: "absent", shown: [], write: undefined };
  }
  const kept = readOnlyRefusal(file);
  if (kept) return kept;
  const { status, edits, after, folders, secrets } = way;
  return { ...plan, status, shown: shownChange(file.text, edits, secrets), write: { file, after, folders } };
}

/** Takes one host's entry away; gives the copy that was made of a file that had been changed since. */
export async function takeAway(
  host: Host,
  path: string,
  context: SetupContext,
): Promise<{ plan: RemovalPlan; backup: string | undefined } | Refusal> {
  const plan = await planRemoval(host, path, context);
  if (isRefusal(plan)) return plan;
  let backup: string | undefined;
  if (plan.write) {
    const { file, after, folders } = plan.write;
    const isExact = plan.status === "restore" || plan.status === "delete";
    if (!isExact) backup = await backUp(file, new Date());
    const isDone = plan.status === "delete" ? await removeConfigFile(file) : await replaceConfigFile(file, after);
    if (!isDone) {
      if (backup !== undefined) await rm(backup, { force: true });
      return changedMeanwhile(host);
    }
    const known = plan.receipt?.applied.flatMap((one) => [one.before, one.after]) ?? [];
    if (isExact) await removeCopies(file.path, new Set(known));
    if (plan.status === "delete") await removeEmptyFolders(folders);
  }
  if (plan.receipt) await removeNotes(context.home, plan.receipt);
  return { plan, backup };
}

interface Way extends Change {
  readonly status: Exclude<RemovalPlan["status"], "absent">;
  readonly folders: readonly string[];
  readonly secrets: readonly string[];
}

function wayBack(
  host: Host,
  file: ConfigFile,
  receipt: Receipt | undefined,
  context: SetupContext,
): Way | Fault | undefined {
  const { format, servers } = host;
  const exact = receipt?.applied.find(({ after }) => after === file.hash);
  const document = format.read(file.text);
  const place = [...servers, ENTRY_NAME];
  const entry = isFault(document) ? undefined : valueAt(document.value, place);
  if (exact) {
    const edits: readonly Edit[] = invertEdits(exact.edits);
    const after = applyEdits(file.text, edits);
    const secrets = [...secretsOf(entry), ...secretsOf(exact.old)];
    return { status: exact.created ? "delete" : "restore", edits, after, folders: exact.folders, secrets };
  }
  if (isFault(document)) return document;
  const kind: EntryKind = entryKind(entry, context.launch, context.surroundings.env.PATH ?? "");
  if (entry === undefined || (kind !== "this" && kind !== "ours")) return undefined;
  const [last] = receipt?.applied ?? [];
  const old = last?.old;
  const change = changeEntry(format, file.text, old ? place : outermost(document.value, place, last), old);
  if (isFault(change)) return change;
  const left = format.read(change.after);
  const isEmpty = !isFault(left) && Object.keys(left.value ?? {}).length === 0;
  const status = old ? "put_back" : last?.created && isEmpty ? "delete" : "remove";
  return { ...change, status, folders: last?.folders ?? [], secrets: [...secretsOf(entry), ...secretsOf(old)] };
}

/** The path of the outermost object that setup has made and that holds nothing but our entry. */
function outermost(document: unknown, place: Path, last: Applied | undefined): Path {
  const made = last?.depth ?? place.length - 1;
  for (let length = Math.max(1, made + 1); length < place.length; length++) {
    const inner = place.slice(length).every((_, at) => {
      const value = valueAt(document, place.slice(0, length + at));
      return isObject(value) && Object.keys(value).length === 1;
    });
    if (inner) return place.slice(0, length);
  }
  return place;
}

/** Copies of what the file is again, or of what only setup had made of it: they keep nothing of anybody's. */
async function removeCopies(path: string, known: ReadonlySet<string>): Promise<void> {
  const prefix = `${basename(path)}.ouroboros-backup-`;
  for (const name of await readdir(dirname(path)).catch((): string[] => [])) {
    const copy = join(dirname(path), name);
    if (name.startsWith(prefix) && known.has(hashOf(await readFile(copy)))) await rm(copy, { force: true });
  }
}

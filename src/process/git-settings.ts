import { OuroborosError } from "../base/errors.ts";

/** What the configuration says that git cannot be left alone with. */
export interface GitSettings {
  /** In place of whatever names a program in the repository's own configuration: what the user's says, or nothing. */
  readonly overrides: readonly string[];
  /** Filters that the repository's own configuration defines. What they would make of a file is unknown here. */
  readonly filtersOff: ReadonlySet<string>;
  /** As the user signs work everywhere; ours where nothing is set. */
  readonly identity: Readonly<Record<string, string>>;
}

/** Where nothing of a repository is asked for. */
export const NO_SETTINGS: GitSettings = { overrides: [], filtersOff: new Set(), identity: {} };

interface Entry {
  readonly own: boolean;
  readonly key: string;
  readonly value: string;
}

type Ask = (args: readonly string[]) => Promise<{ code: number | null; out: Buffer; errors: string }>;

const PATTERN = "^(filter|merge|hook|lfs\\.extension)\\.|^user\\.(name|email)$";
/** Each becomes an argument; more, or longer ones, are not what somebody means well with. */
const MOST_ENTRIES = 1_000;
const LONGEST_KEY = 200;
/** git's own way to merge a text, in the words of a driver: an empty driver would keep one side and call it merged. */
const PLAIN_MERGE = "git merge-file --marker-size=%L %A %O %B || exit 1";

/** Reads who wrote which setting: the user (for all of their repositories), or whoever configured this one. */
export async function readGitSettings(ask: Ask): Promise<GitSettings> {
  const { code, out, errors } = await ask(["config", "-z", "--show-scope", "--get-regexp", PATTERN]);
  // 1 is the answer that there are none.
  if (code !== 0 && code !== 1) throw unreadable(errors);
  const entries = parseEntries(out.toString("utf8"));
  if (entries.length > MOST_ENTRIES) throw unreadable("it has too many entries");
  const users = new Map(entries.filter(({ own }) => own).map(({ key, value }) => [key, value]));
  const overrides = new Map<string, string>();
  const filtersOff = new Set<string>();
  for (const { own, key } of entries) {
    const hook = /^hook\.(.+)\.command$/s.exec(key)?.[1];
    if (hook !== undefined) overrides.set(`hook.${hook}.enabled`, "false");
    const neutral = own ? null : neutralValue(key);
    if (neutral === null) continue;
    // A name with "=" in it cannot be spelled as a setting at all.
    if (key.includes("=") || key.length > LONGEST_KEY)
      throw unreadable(`the name ${key.slice(0, 60)} cannot be kept out`);
    overrides.set(key, users.get(key) ?? neutral);
    const filter = /^filter\.(.+)\.(?:clean|smudge|process)$/s.exec(key)?.[1];
    if (filter !== undefined && !users.has(key)) filtersOff.add(filter);
  }
  const name = users.get("user.name")?.trim() || "Ouroboros";
  const email = users.get("user.email")?.trim() || "ouroboros@localhost";
  return {
    overrides: [...overrides].map(([key, value]) => `${key}=${value}`),
    filtersOff,
    identity: {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
    },
  };
}

/** What stands in the place of a setting that would start a program; null for settings that do not. */
function neutralValue(key: string): string | null {
  if (/^filter\..+\.required$/s.test(key)) return "false";
  if (/^(?:filter\..+\.(?:clean|smudge|process)|lfs\.extension\..+\.(?:clean|smudge))$/s.test(key)) return "";
  return /^merge\..+\.driver$/s.test(key) ? PLAIN_MERGE : null;
}

/** Records come in pairs, the scope and then name and value with a line's end between. */
function parseEntries(text: string): Entry[] {
  const fields = text.split("\0");
  const entries: Entry[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [scope = "", entry = ""] = [fields[at], fields[at + 1]];
    const end = entry.indexOf("\n");
    if (scope === "command") continue;
    const own = scope === "global" || scope === "system";
    entries.push({ own, key: end < 0 ? entry : entry.slice(0, end), value: end < 0 ? "" : entry.slice(end + 1) });
  }
  return entries;
}

function unreadable(why: string): OuroborosError {
  return new OuroborosError(
    "git_configuration",
    `git's configuration cannot be read safely: ${why.trim()}`,
    "Put the configuration right (git 2.26 or newer is needed), or work in the folder itself with --in-place.",
  );
}

/** The values of a TOML file by section and key. */
export type TomlLines = ReadonlyMap<string, ReadonlyMap<string, TomlValue>>;
/** A text or a list of texts; anything else, such as an inline table, is the text it is written as. */
type TomlValue = string | readonly string[];

/**
 * Reads what manifests are made of: sections, keys, strings and lists of strings. It is no TOML parser and refuses
 * nothing; a damaged file gives less. Repeated sections are one.
 */
export function readTomlLines(text: string): TomlLines {
  const sections = new Map<string, Map<string, TomlValue>>();
  let section = sectionOf(sections, "");
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? "").trim();
    const header = /^\[\[?([^\]]+)\]\]?/.exec(line);
    if (header) {
      section = sectionOf(sections, unquoted(header[1] ?? ""));
      continue;
    }
    const pair = /^("[^"]*"|'[^']*'|[\w.-]+)\s*=\s*(.*)$/.exec(line);
    if (!pair) continue;
    let value = pair[2] ?? "";
    const long = /^("""|''')/.exec(value)?.[1];
    // A value may go on over lines: a list up to its bracket, a long string up to its quotes.
    const goesOn = () => (long ? !value.slice(3).includes(long) : value.startsWith("[") && !/\]\s*(#.*)?$/.test(value));
    const parts = [value];
    while (goesOn() && at + 1 < lines.length) {
      parts.push(lines[++at] ?? "");
      value = long ? `${long}${parts.at(-1)}` : `[${parts.at(-1)}`;
    }
    section.set(unquoted(pair[1] ?? ""), toValue(parts.join("\n"), long));
  }
  return sections;
}

function sectionOf(sections: Map<string, Map<string, TomlValue>>, name: string): Map<string, TomlValue> {
  const found = sections.get(name) ?? new Map<string, TomlValue>();
  sections.set(name, found);
  return found;
}

function toValue(written: string, long: string | undefined): TomlValue {
  if (long) return written.slice(3).split(long)[0]?.trim() ?? "";
  if (written.startsWith("[")) return [...written.matchAll(STRING)].map((match) => match[1] ?? match[2] ?? "");
  const string = new RegExp(`^(?:${STRING.source})`).exec(written);
  return string ? (string[1] ?? string[2] ?? "") : (written.split(" #")[0] ?? "").trim();
}

const STRING = /"((?:[^"\\\n]|\\.){0,400})"|'([^'\n]{0,400})'/g;

function unquoted(key: string): string {
  return key.trim().replaceAll(/["']/g, "");
}

import type { Definition } from "./definition.ts";

const SECTION =
  /^\[+\s*(?:tool[.:](?:pytest|tox|pdm\.scripts|poe|hatch|taskipy|coverage|nox)|pytest|tox|testenv|coverage|run\]|report\])/;

/** The sections of an INI or TOML file that tell Python's test runners what to do. */
export const settingsSections: Definition = {
  pieces: (text) => {
    const pieces: Record<string, string> = {};
    for (const part of text.split(/\n(?=\s*\[)/)) {
      const section = part.trim();
      const name = section.split("\n")[0] ?? "";
      if (SECTION.test(name)) pieces[name] = `${pieces[name] ?? ""}${section}`;
    }
    return pieces;
  },
  lines: () => [],
};

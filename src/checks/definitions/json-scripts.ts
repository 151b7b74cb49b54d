import * as v from "valibot";
import { canonicalJson } from "../../base/canonical-json.ts";
import type { Definition } from "./definition.ts";

const Manifest = v.record(v.string(), v.unknown());
type Manifest = v.InferOutput<typeof Manifest>;

/** What test runners read of a package's manifest. */
const RUNNER_KEYS = ["jest", "vitest", "mocha", "ava", "tap", "nyc", "c8", "jasmine"];

/** The scripts of a JSON manifest that command words name, those they call, and what test runners read there. */
export function jsonScripts(key: "scripts" | "tasks", words: readonly string[]): Definition {
  return {
    pieces: (text) => {
      const manifest = parse(text);
      if (manifest === null) return {};
      const scripts = Object.entries(picked(scriptsOf(manifest, key), closure(manifest)));
      const named = [...scripts.map(([name, line]) => [`${key}.${name}`, line]), ...settingsOf(manifest)];
      return Object.fromEntries(named.map(([name, value]) => [name, canonicalJson(value)]));
    },
    merge: (newer, older) => {
      const [ours, theirs] = [parse(older), parse(newer)];
      if (ours === null || theirs === null) return null;
      const names = closure(ours);
      const scripts = { ...without(scriptsOf(theirs, key), names), ...picked(scriptsOf(ours, key), names) };
      const settings = Object.fromEntries(settingsOf(ours));
      return `${JSON.stringify({ ...without(theirs, RUNNER_KEYS), ...settings, [key]: scripts }, null, 2)}\n`;
    },
    lines: (text) => {
      const manifest = parse(text);
      if (manifest === null) return [];
      return Object.values(picked(scriptsOf(manifest, key), closure(manifest))).filter(
        (line) => typeof line === "string",
      );
    },
  };

  /** With what runs before and after each, as npm has it. */
  function closure(manifest: Manifest): string[] {
    const scripts = scriptsOf(manifest, key);
    const named = new Set(words.map((word) => (word === "t" || word === "tst" ? "test" : word)));
    for (const name of named) {
      const line = scripts[name];
      if (typeof line === "string") for (const word of line.split(/[\s;&|"'()]+/)) if (word in scripts) named.add(word);
    }
    return [...named].filter((name) => name in scripts).flatMap((name) => [`pre${name}`, name, `post${name}`]);
  }
}

function parse(text: string): Manifest | null {
  try {
    const parsed = v.safeParse(Manifest, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // Not JSON: nothing can be run from it.
  }
}

function settingsOf(manifest: Manifest): [string, unknown][] {
  return Object.entries(picked(manifest, RUNNER_KEYS));
}

function scriptsOf(manifest: Manifest, key: string): Manifest {
  const parsed = v.safeParse(Manifest, manifest[key]);
  return parsed.success ? parsed.output : {};
}

function picked(from: Manifest, names: readonly string[]): Manifest {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}

function without(from: Manifest, names: readonly string[]): Manifest {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

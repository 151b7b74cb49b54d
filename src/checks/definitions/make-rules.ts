import type { Definition } from "./definition.ts";

interface Rule {
  readonly text: string;
  readonly needs: readonly string[];
}

/** The rules of a Makefile or justfile that command words name, with all they need and the variables in them. */
export function makeRules(words: readonly string[]): Definition {
  return {
    pieces: (text) => {
      const part = partOf(text, words);
      return part === null ? {} : { rules: part };
    },
    // A rule that was not there before is what the work was to bring.
    merge: (newer, older) => (partOf(older, words) === null ? newer : null),
    lines: (text) => [...(partOf(text, words) ?? "").matchAll(/^[ \t]+[@+-]*(.+)$/gm)].map((match) => match[1] ?? ""),
  };
}

function partOf(text: string, words: readonly string[]): string | null {
  const { rules, variables } = read(text);
  const named = words.filter((word) => rules.has(word));
  const first = [...rules.keys()].find((name) => !name.startsWith("."));
  // Words that name no rule may be settings; without any, the first rule is meant.
  const goals = new Set(words.some((word) => !word.includes("=")) || first === undefined ? named : [first]);
  const parts = new Set<string>();
  for (const goal of goals) {
    for (const rule of rules.get(goal) ?? []) {
      parts.add(rule.text);
      for (const need of rule.needs) goals.add(need);
    }
  }
  for (const part of parts) {
    for (const [, ours, theirs] of part.matchAll(/\$[({](\w+)[)}]|\{\{\s*(\w+)\s*\}\}/g)) {
      for (const line of variables.get(ours ?? theirs ?? "") ?? []) parts.add(line);
    }
  }
  return parts.size > 0 ? [...parts].join("\n") : null;
}

function read(text: string): { rules: Map<string, Rule[]>; variables: Map<string, string[]> } {
  const rules = new Map<string, Rule[]>();
  const variables = new Map<string, string[]>();
  const blocks = text.replaceAll("\\\n", " ").split(/\n(?=[^\s#])/);
  for (const block of blocks) {
    const set = /^(?:export\s+|override\s+)?([\w.-]+)\s*(?:::?:?|\?|\+|!)?=/.exec(block);
    if (set) {
      const name = set[1] ?? "";
      variables.set(name, [...(variables.get(name) ?? []), block.trim()]);
      continue;
    }
    const header = /^([^:\n]+)::?(?!=)([^\n]*)/.exec(block);
    if (!header) continue;
    const called = [...block.matchAll(/(?:\$\(MAKE\)|\$\{MAKE\}|\bmake|\bjust)\s+([^\n;&|]+)/g)];
    const needs = wordsOf([header[2] ?? "", ...called.map((match) => match[1] ?? "")].join(" "));
    // A justfile's recipe may have parameters after its name; a Makefile's rule may have several names.
    for (const name of wordsOf(header[1] ?? "")) {
      rules.set(name, [...(rules.get(name) ?? []), { text: block.trimEnd(), needs }]);
    }
  }
  rules.delete(".PHONY");
  return { rules, variables };
}

function wordsOf(text: string): string[] {
  return text.split(/[\s;]+/).filter((word) => word !== "");
}

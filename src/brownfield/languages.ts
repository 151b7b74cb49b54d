import { extname } from "node:path/posix";
import type { ProjectSummary } from "./summary.ts";

/** A language and the extensions of its files; data, markup and settings are none. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  TypeScript: "ts tsx mts cts",
  JavaScript: "js jsx mjs cjs",
  Python: "py pyi pyx",
  Rust: "rs",
  Go: "go",
  Java: "java",
  Kotlin: "kt kts",
  Scala: "scala sc",
  Groovy: "groovy",
  "C#": "cs",
  "F#": "fs fsx",
  "Visual Basic": "vb",
  C: "c h",
  "C++": "cpp cc cxx hpp hh hxx",
  "Objective-C": "m mm",
  Swift: "swift",
  Zig: "zig",
  Ruby: "rb erb rake",
  PHP: "php",
  Perl: "pl pm",
  Lua: "lua",
  R: "r",
  Julia: "jl",
  Elixir: "ex exs",
  Erlang: "erl hrl",
  Haskell: "hs",
  OCaml: "ml mli",
  Clojure: "clj cljs cljc edn",
  Dart: "dart",
  Nim: "nim",
  Crystal: "cr",
  Solidity: "sol",
  Shell: "sh bash zsh fish",
  PowerShell: "ps1 psm1",
  SQL: "sql",
  Terraform: "tf",
  Protobuf: "proto",
  GraphQL: "graphql gql",
  HTML: "html htm",
  CSS: "css scss sass less",
  Vue: "vue",
  Svelte: "svelte",
  Astro: "astro",
  Notebook: "ipynb",
};
const BY_EXTENSION: ReadonlyMap<string, string> = new Map(
  Object.entries(EXTENSIONS).flatMap(([language, list]) =>
    list.split(" ").map((one) => [`.${one}`, language] as const),
  ),
);
const MOST_LANGUAGES = 12;

/** The language a file is written in, by its name; undefined for what is no source. */
export function languageOf(path: string): string | undefined {
  return BY_EXTENSION.get(extname(path).toLowerCase());
}

/** The languages of a project, the most frequent first; a share counts among the files that have a language. */
export function countLanguages(files: readonly string[]): ProjectSummary["languages"] {
  const counts = new Map<string, number>();
  for (const path of files) {
    const language = languageOf(path);
    if (language !== undefined) counts.set(language, (counts.get(language) ?? 0) + 1);
  }
  const all = counts.values().reduce((sum, count) => sum + count, 0);
  return topOf(counts, MOST_LANGUAGES).map(([language, count]) => ({
    language,
    files: count,
    share: Math.round((count / all) * 1000) / 1000,
  }));
}

/** The entries with the highest counts; equal ones by name, so that the same project always reads the same. */
export function topOf(counts: ReadonlyMap<string, number>, most: number): [string, number][] {
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).slice(0, most);
}

/** What one manifest declares: data as it stands in the file, bounded by whoever shows it. */
export interface ManifestFacts {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly description?: string | undefined;
  readonly scripts?: readonly { readonly name: string; readonly command: string }[];
  readonly dependencies?: readonly string[];
  /** Files it names as where the program or library begins. */
  readonly entries?: readonly string[];
  readonly workspaces?: readonly string[];
}

/** Reads the text of a manifest; undefined, or a throw, for one that is damaged. */
export type ManifestParser = (text: string) => ManifestFacts | undefined;

/** What each match of a pattern captured first. */
export function captures(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "").filter(Boolean);
}

/** What the first match of a pattern captured. */
export function capture(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1]?.trim();
}

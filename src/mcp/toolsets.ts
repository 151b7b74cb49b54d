/** The groups of tools that `--toolsets` chooses from; all of them unless it says otherwise. */
export const TOOLSETS = ["sessions", "authoring"] as const;
export type Toolset = (typeof TOOLSETS)[number];

/** The groups that a list such as `sessions,authoring` names, or `all`; the first name that nobody knows otherwise. */
export function parseToolsets(names: string | undefined): readonly Toolset[] | { readonly unknown: string } {
  if (names === undefined || names === "all") return TOOLSETS;
  const wanted: Toolset[] = [];
  for (const name of names.split(",").map((one) => one.trim())) {
    const known = TOOLSETS.find((toolset) => toolset === name);
    if (known === undefined) return { unknown: name };
    wanted.push(known);
  }
  return wanted;
}

/** The groups of tools that `--toolsets` chooses from. */
export const TOOLSETS = ["sessions", "authoring", "evaluation", "evolution"] as const;
export type Toolset = (typeof TOOLSETS)[number];
/** What is offered unless somebody asks for more: every turn of a conversation pays for the definitions. */
export const STANDARD_TOOLSETS: readonly Toolset[] = ["sessions", "authoring"];

/** The groups that a list such as `sessions,authoring` names, or `all`, or what is usual; the first name that nobody knows otherwise. */
export function parseToolsets(names: string | undefined): readonly Toolset[] | { readonly unknown: string } {
  if (names === undefined) return STANDARD_TOOLSETS;
  if (names === "all") return TOOLSETS;
  const wanted: Toolset[] = [];
  for (const name of names.split(",").map((one) => one.trim())) {
    const known = TOOLSETS.find((toolset) => toolset === name);
    if (known === undefined) return { unknown: name };
    wanted.push(known);
  }
  return wanted;
}

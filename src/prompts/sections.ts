/** For the line that says how many items are missing. */
const NOTE_CHARS = 24;

/** A part of a prompt: prose, or a heading with a list below it. */
export interface Section {
  readonly text: string;
  readonly items?: readonly string[];
  /** What goes first when it gets too long: the lowest. Without one, it stays whole. */
  readonly worth?: number;
}

/** Puts sections together within a length: the least worth loses its items from the end, then itself. */
export function fitSections(sections: readonly Section[], most: number): string {
  const kept = sections.map((section) => ({ ...section, left: section.items?.length ?? 0, isIn: true }));
  const byWorth = kept.filter(({ worth }) => worth !== undefined).sort((a, b) => (a.worth ?? 0) - (b.worth ?? 0));
  for (const section of byWorth) {
    let over = lengthOf(kept) - most;
    if (over <= 0) break;
    over += NOTE_CHARS;
    while (over > 0 && section.left > 0) {
      section.left -= 1;
      over -= (section.items?.[section.left]?.length ?? 0) + 3;
    }
    section.isIn = section.left > 0;
  }
  return `${kept.flatMap(textOf).join("\n\n")}\n`;
}

/** A text of at most so many characters, none of them halved, and a sign where something is missing. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Others' words as data: in a program's quotation marks and on one line, so that nothing in them can pass for a rule. */
export function quoted(text: string, most: number): string {
  return JSON.stringify(shortened(text.replaceAll(/[\p{C}\p{Z}]+/gu, " ").trim(), most));
}

type Kept = Section & { readonly left: number; readonly isIn: boolean };

function textOf({ text, items = [], left, isIn }: Kept): string[] {
  if (!isIn) return [];
  const lines = items.slice(0, left).map((item) => `- ${item}`);
  return [[text, ...lines, ...(left < items.length ? [`- … and ${items.length - left} more`] : [])].join("\n")];
}

function lengthOf(sections: readonly Kept[]): number {
  return sections.flatMap(textOf).reduce((sum, text) => sum + text.length + 2, 0);
}

import { cut, oneLine } from "../../render.ts";
import type { Style } from "../../style.ts";

/** What others wrote as printable lines of at most so many columns, broken between words; a word that is longer, within. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(oneLine(line), Math.max(4, width)));
}

/** The style to lay paragraphs out in: programs get each in a line of its own. */
export function proseStyle(style: Style): Style {
  return style.forPeople ? style : { ...style, width: Number.MAX_SAFE_INTEGER };
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/\s+/)) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (!fits(longer, width) && fits(word, width)) {
      lines.push(current);
      current = word;
      continue;
    }
    for (current = longer; !fits(current, width); current = current.slice(lines.at(-1)?.length)) {
      lines.push(beginning(current, width));
    }
  }
  return [...lines, current];
}

function beginning(word: string, width: number): string {
  let head = "";
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word)) {
    if (head !== "" && !fits(head + segment, width)) break;
    head += segment;
  }
  return head;
}

function fits(text: string, width: number): boolean {
  return cut(text, width) === text;
}

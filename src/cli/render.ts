import { type Colour, paint, type Style } from "./style.ts";

/** One column of a table; `grows` takes what the others leave of the width. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string;
  readonly colour?: (row: Row) => Colour | undefined;
  readonly grows?: true;
}

const GAP = "  ";
const LEAST_GROWN = 12;

/** Rows as an aligned table for people, or as tab-separated lines without headings for programs. */
export function table<Row>(style: Style, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.cell(row))));
  if (!style.forPeople) return lines(cells.map((line) => line.join("\t")));
  const widths = columns.map(({ heading }, at) =>
    Math.max(widthOf(heading), ...cells.map((line) => widthOf(line[at] ?? ""))),
  );
  const fixed = columns.reduce((sum, column, at) => sum + (column.grows ? 0 : (widths[at] ?? 0)), 0);
  const room = Math.max(LEAST_GROWN, style.width - fixed - GAP.length * (columns.length - 1));
  const fitted = columns.map((column, at) => (column.grows ? Math.min(widths[at] ?? 0, room) : (widths[at] ?? 0)));
  const head = columns.map(({ heading }, at) => pad(heading, fitted[at] ?? 0)).join(GAP);
  const body = cells.map((line, n) =>
    columns
      .map((column, at) => {
        const text = pad(cut(line[at] ?? "", fitted[at] ?? 0), fitted[at] ?? 0);
        const row = rows[n];
        const colour = row === undefined ? undefined : column.colour?.(row);
        return colour === undefined ? text : paint(style, colour, text);
      })
      .join(GAP)
      .trimEnd(),
  );
  return lines([paint(style, "bold", head.trimEnd()), ...body]);
}

/** Named values, one a line; those that are null are not in the store and so are not shown. */
export function fields(
  style: Style,
  values: readonly (readonly [name: string, value: string | number | null])[],
): string {
  const shown = values.filter(([, value]) => value !== null && value !== "");
  const width = Math.max(0, ...shown.map(([name]) => name.length)) + 1;
  return lines(
    shown.map(([name, value]) => {
      const label = style.forPeople ? paint(style, "dim", `${name}:`.padEnd(width)) : `${name}:`;
      return `${label} ${oneLine(String(value))}`;
    }),
  );
}

/** Lines of text, each ended; no lines are no text. */
export function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}

/** Text of the store as one printable line: what it holds was written by others, and a terminal obeys control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/gu, " ").trim();
}

/** A number of bytes as a person reads it. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length, Math.floor(Math.log2(count) / 10));
  return `${(count / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

/** Text cut to a number of terminal columns, the cut made visible. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += widthOf(character);
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** East Asian and emoji characters take two columns of a terminal, combining marks none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += /\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

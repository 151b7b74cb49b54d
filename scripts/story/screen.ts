/** A piece of a line in one manner. */
export interface Span {
  readonly text: string;
  /** The colour of the terminal's palette, 0 to 15; -1 is the usual one. */
  readonly colour: number;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

type Manner = Omit<Span, "text">;
interface Cell extends Manner {
  readonly letter: string;
}

const PLAIN: Manner = { colour: -1, isBold: false, isDim: false };
const BLANK: Cell = { letter: " ", ...PLAIN };
const ESCAPE = "\\u001b";
const PIECES = new RegExp(
  [
    `${ESCAPE}\\[([?<=>\\d;]*)([A-Za-z])`,
    `${ESCAPE}(?:\\([0-9A-Z]|[78=>])`,
    `${ESCAPE}\\][^\\u0007${ESCAPE}]*(?:\\u0007|${ESCAPE}\\\\)`,
    "[\\s\\S]",
  ].join("|"),
  "gu",
);

/** The lines a terminal of so many columns shows in the end: as much of its language as our own programs speak. */
export function screenOf(output: string, columns: number): Span[][] {
  const lines: Cell[][] = [];
  let [row, column, manner] = [0, 0, PLAIN];
  for (const [piece, parameters = "", command] of output.matchAll(PIECES)) {
    if (command !== undefined) obey(command, parameters);
    else if (piece === "\n") row++;
    else if (piece === "\r") column = 0;
    else if (piece >= " " && !piece.startsWith("\u001b")) put(piece);
  }
  const text = lines.map((line) => spans(line ?? []));
  while (text.length > 0 && text.at(-1)?.length === 0) text.pop();
  return text;

  function put(letter: string): void {
    if (column >= columns) [row, column] = [row + 1, 0];
    const line = lineAt(row);
    while (line.length < column) line.push(BLANK);
    line[column++] = { letter, ...manner };
  }

  function lineAt(index: number): Cell[] {
    while (lines.length <= index) lines.push([]);
    return lines[index] ?? [];
  }

  function obey(command: string, parameters: string): void {
    const numbers = parameters.split(";").map(Number);
    const by = Math.max(1, numbers[0] ?? 1);
    if (command === "A") row = Math.max(0, row - by);
    else if (command === "B") row += by;
    else if (command === "C") column += by;
    else if (command === "D") column = Math.max(0, column - by);
    else if (command === "G") column = by - 1;
    else if (command === "K") lineAt(row).length = parameters === "2" ? 0 : Math.min(column, lineAt(row).length);
    else if (command === "J") eraseBelow();
    else if (command === "m") for (const number of numbers) manner = changed(manner, number);
  }

  function eraseBelow(): void {
    lineAt(row).length = Math.min(column, lineAt(row).length);
    lines.length = row + 1;
  }
}

function changed(manner: Manner, code: number): Manner {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...manner, isBold: true };
  if (code === 2) return { ...manner, isDim: true };
  if (code === 22) return { ...manner, isBold: false, isDim: false };
  if (code === 39) return { ...manner, colour: -1 };
  if (code >= 30 && code <= 37) return { ...manner, colour: code - 30 };
  if (code >= 90 && code <= 97) return { ...manner, colour: code - 82 };
  return manner;
}

function spans(line: readonly Cell[]): Span[] {
  const merged: Span[] = [];
  const end = line.findLastIndex(({ letter }) => letter !== " ") + 1;
  for (const { letter, ...manner } of line.slice(0, end)) {
    const last = merged.at(-1);
    const isSame = last?.colour === manner.colour && last.isBold === manner.isBold && last.isDim === manner.isDim;
    if (last && isSame) merged[merged.length - 1] = { ...last, text: last.text + letter };
    else merged.push({ text: letter, ...manner });
  }
  return merged;
}

/** How text is laid out: tables and colours are for people, plain lines for programs and files. */
export interface Style {
  /** Somebody reads this on a terminal: tables with headings, cut to its width. */
  readonly forPeople: boolean;
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

export type Colour = "red" | "green" | "yellow" | "dim" | "bold";

const CODES: Record<Colour, readonly [number, number]> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};
const STANDARD_WIDTH = 100;

/** The style a stream calls for: FORCE_COLOR asks for the form for people, NO_COLOR takes only the colours away. */
export function styleFor(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "" && env.FORCE_COLOR !== "0";
  const forPeople = stream.isTTY === true || forced;
  const unwanted =
    (env.NO_COLOR !== undefined && env.NO_COLOR !== "") || env.FORCE_COLOR === "0" || env.TERM === "dumb";
  return { forPeople, colour: forced || (forPeople && !unwanted), width: stream.columns || STANDARD_WIDTH };
}

/** Text in a colour, where there are any. */
export function paint(style: Style, colour: Colour, text: string): string {
  const [on, off] = CODES[colour];
  return style.colour ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

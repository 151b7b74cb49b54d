import type { Span } from "./screen.ts";
import { COLUMNS, type Recorded } from "./tell-story.ts";

type Line = readonly Span[];

const LETTER = { width: 7.3, height: 16, size: 12 } as const;
const MARGIN = { side: 16, top: 40, bottom: 14 } as const;
const SHADES = {
  paper: "#0d1117",
  frame: "#30363d",
  text: "#d1d9e0",
  dim: "#8b949e",
  bold: "#ffffff",
} as const;
const PALETTE = ["#484f58", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#d1d9e0", "#8b949e"];
/** Longer answers lose what stands between so many lines at the beginning and at the end. */
const KEPT = [
  ["curl", 1, 4],
  ["ouroboros interview", 12, 9],
  ["ouroboros run", 2, 8],
  ["ouroboros evaluate", 0, 3],
  ["ouroboros verify", 0, 4],
  ["git -C", 0, 1],
] as const;

/** A picture of a terminal with the whole story; readable on light and dark pages, since it brings its own paper. */
export function drawStory(story: readonly Recorded[], version: string): string {
  const lines = story.flatMap((step, index) => [...(index === 0 ? [] : [[]]), ...linesOf(step)]);
  const caption = `ouroboros ${version} in an empty home. Model and agent are scripted, the release is a local one.`;
  const width = Math.ceil(COLUMNS * LETTER.width + 2 * MARGIN.side);
  const height = MARGIN.top + lines.length * LETTER.height + MARGIN.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(caption)}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${SHADES.paper}" stroke="${SHADES.frame}"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace" font-size="${LETTER.size}" fill="${SHADES.text}" xml:space="preserve">`,
    `<text x="${MARGIN.side}" y="22" fill="${SHADES.dim}">${escaped(caption)}</text>`,
    ...lines.flatMap(drawLine),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function linesOf({ typed, shown, ms }: Recorded): Line[] {
  const took = `${(ms / 1000).toFixed(1)} s`;
  const command = [span("$ ", { colour: 2 }), span(typed, { isBold: true }), span(`  ${took}`, { isDim: true })];
  const [, first, last] = KEPT.find(([words]) => typed.startsWith(words)) ?? ["", shown.length, 0];
  const left = shown.length - first - last;
  if (left <= 1) return [command, ...shown];
  const gap = [span(`  ⋯ ${left} lines`, { isDim: true })];
  return [command, ...shown.slice(0, first), gap, ...shown.slice(shown.length - last)];
}

function span(text: string, manner: Partial<Span>): Span {
  return { text, colour: -1, isBold: false, isDim: false, ...manner };
}

/** Each piece says where it stands, so that columns stay columns in any font. */
function drawLine(line: Line, index: number): string[] {
  if (line.length === 0) return [];
  let column = 0;
  const pieces = line.map((piece) => {
    const x = (MARGIN.side + column * LETTER.width).toFixed(1);
    column += [...piece.text].length;
    const weight = piece.isBold ? ' font-weight="bold"' : "";
    const colour = colourOf(piece);
    const fill = colour === SHADES.text ? "" : ` fill="${colour}"`;
    return `<tspan x="${x}"${fill}${weight}>${escaped(piece.text)}</tspan>`;
  });
  const y = MARGIN.top + (index + 1) * LETTER.height - 4;
  return [`<text y="${y}">${pieces.join("")}</text>`];
}

function colourOf({ colour, isBold, isDim }: Span): string {
  if (isDim) return SHADES.dim;
  if (colour >= 0) return PALETTE[colour > 8 ? colour - 8 : colour] ?? SHADES.text;
  return isBold ? SHADES.bold : SHADES.text;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The lines of an output without colours. */
export function plainLines(output: string): string[] {
  return output.replace(COLOURS, "").split(/\r?\n/);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
const COLOURS = /\u001b\[[\d;]*[A-Za-z]/g;

/** A terminal that shows one picture after the other and hands keys over; disposing of it gives the terminal back as it was. */
export interface Screen extends Disposable {
  readonly columns: number;
  readonly rows: number;
  draw(lines: readonly string[]): void;
}

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** Takes the terminal this program was started in. */
export function openScreen(on: {
  readonly typed: (text: string) => void;
  readonly resized: () => void;
  /** The terminal has gone. */
  readonly gone: () => void;
}): Screen {
  const { stdin, stdout } = process;
  let drawn = "";
  const onData = (data: Buffer | string) => on.typed(data.toString());
  const onResize = () => {
    drawn = "";
    on.resized();
  };
  stdin.setRawMode(true);
  stdin.on("data", onData);
  stdin.once("end", on.gone);
  stdout.on("resize", onResize);
  stdout.write(ENTER);
  return {
    get columns() {
      return Math.max(20, stdout.columns || 80);
    },
    get rows() {
      return Math.max(5, stdout.rows || 24);
    },
    draw(lines) {
      const text = lines.map((line) => `${line}\x1b[K`).join("\r\n");
      if (text === drawn) return;
      drawn = text;
      stdout.write(`\x1b[H${text}\x1b[J`);
    },
    [Symbol.dispose]() {
      stdin.off("data", onData);
      stdin.off("end", on.gone);
      stdout.off("resize", onResize);
      stdin.setRawMode(false);
      stdin.pause();
      stdout.write(LEAVE);
    },
  };
}

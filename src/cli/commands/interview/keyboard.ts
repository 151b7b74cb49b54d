import { confirm, log, text } from "@clack/prompts";
import { delay } from "../../../base/delay.ts";
import type { Cli } from "../../command.ts";
import type { Style } from "../../style.ts";

/** A person at a terminal: what is shown to them and what they type. `undefined` when they left, by key, signal or hanging up. */
export interface Keyboard {
  /** Room for text beside the guide at the left. */
  readonly style: Style;
  show(lines: readonly string[]): void;
  line(message: string, options?: { readonly initial?: string; readonly hint?: string }): Promise<string | undefined>;
  yes(message: string, initial: boolean): Promise<boolean | undefined>;
}

const GUIDE_COLUMNS = 3;

/** The terminal this program was started in. */
export function openKeyboard({ style, interruption }: Cli): Keyboard {
  const gone = new AbortController();
  process.stdin.once("end", () => gone.abort());
  const left = AbortSignal.any([interruption.signal, gone.signal]);
  return {
    get style() {
      const columns = process.stdout.columns || style.width;
      return { ...style, width: Math.max(20, Math.min(100, columns) - GUIDE_COLUMNS) };
    },
    show: (lines) => log.message([...lines], { spacing: 1 }),
    line: (message, { initial, hint } = {}) =>
      asked<string>(left, (signal) =>
        withPasted(() =>
          text({
            message,
            signal,
            ...(initial === undefined ? {} : { initialValue: initial }),
            ...(hint === undefined ? {} : { placeholder: hint }),
            validate: (typed) => (typed?.trim() ? undefined : "Write something, or /help"),
          }),
        ),
      ),
    yes: (message, initialValue) => asked<boolean>(left, (signal) => confirm({ message, initialValue, signal })),
  };
}

/** The kit never lets go of a signal it was given, so each question gets one of its own. */
async function asked<T>(left: AbortSignal, put: (signal: AbortSignal) => Promise<T | symbol>): Promise<T | undefined> {
  const stop = new AbortController();
  const { promise: isLeft, resolve: leave } = Promise.withResolvers<undefined>();
  const onLeft = () => {
    stop.abort();
    // The kit answers nothing any more once its terminal is gone.
    leave(undefined);
  };
  left.addEventListener("abort", onLeft, { once: true });
  try {
    if (left.aborted || !(await forgetTyped())) return undefined;
    const said = await Promise.race([put(stop.signal), isLeft]);
    return typeof said === "symbol" ? undefined : said;
  } finally {
    left.removeEventListener("abort", onLeft);
  }
}

/** Long enough for what the terminal has kept, or for the rest of what was pasted, to arrive. */
const ARRIVAL_MS = 20;
const MOST_BYTES = 1_000_000;
const CTRL_C = 3;

/**
 * Drops what was typed or pasted before the question was there to be read: it would answer a question nobody has seen.
 * False when Ctrl-C was among it.
 */
async function forgetTyped(): Promise<boolean> {
  return !(await arriving()).includes(CTRL_C);
}

/** Lines pasted at once come in one piece, of which the kit takes the first: the others belong to the same answer. */
async function withPasted(put: () => Promise<string | symbol>): Promise<string | symbol> {
  let piece = Buffer.alloc(0);
  const onData = (data: Buffer | string) => {
    piece = Buffer.from(data);
  };
  const answer = put();
  process.stdin.on("data", onData);
  const first = await answer.finally(() => process.stdin.off("data", onData));
  if (typeof first === "symbol") return first;
  // Behind the line that was taken, which empty ones may precede; one that was typed before the piece came ends with its head.
  const taken = piece.indexOf(`${first}\r`);
  const end = taken === -1 ? piece.indexOf("\r") : taken + Buffer.byteLength(first);
  const rest = piece.subarray(end + 1);
  if (end === -1 || rest.length === 0) return first;
  const pasted = Buffer.concat([rest, await arriving()]).toString("utf8");
  return `${first}\n${pasted.replaceAll(/\r\n?/g, "\n")}`.trimEnd();
}

/** What the terminal has to give now, without a line's end being waited for. */
async function arriving(): Promise<Buffer> {
  const { stdin } = process;
  let all = Buffer.alloc(0);
  const onData = (data: Buffer | string) => {
    all = Buffer.concat([all, Buffer.from(data)]);
  };
  stdin.setRawMode(true);
  stdin.on("data", onData);
  for (let before = -1; before < all.length && all.length < MOST_BYTES; ) {
    before = all.length;
    await delay(ARRIVAL_MS);
  }
  stdin.off("data", onData);
  stdin.pause();
  stdin.setRawMode(false);
  return all;
}

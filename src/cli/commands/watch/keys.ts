import type { RunTree } from "../../../views/run-tree.ts";
import { type Asking, askingOf } from "../answer/answer-question.ts";

/** What the keyboard is for at this moment. */
export type Mode =
  | { readonly kind: "looking" }
  | { readonly kind: "cancelling" }
  | { readonly kind: "answering"; readonly asking: Asking; readonly typed: string };

/** What a key asks for. */
export type Wish =
  | { readonly kind: "leave" }
  | { readonly kind: "cancel" | "pause" }
  | { readonly kind: "answer"; readonly asking: Asking; readonly text: string };

export const LOOKING: Mode = { kind: "looking" };

const [CTRL_C, CTRL_D, ESCAPE, ENTER, BACKSPACE] = ["\u0003", "\u0004", "\u001b", "\r", "\u007f"];

/** What one key does: another mode, a wish, or nothing. */
export function press(mode: Mode, key: string, tree: RunTree): { readonly mode: Mode; readonly wish?: Wish } {
  if (key === CTRL_C) return { mode: LOOKING, wish: { kind: "leave" } };
  switch (mode.kind) {
    case "looking":
      return look(key, tree);
    case "cancelling":
      return key === "y" || key === "Y" ? { mode: LOOKING, wish: { kind: "cancel" } } : { mode: LOOKING };
    case "answering":
      return typing(mode, key);
  }
}

/** Keys as they come from a terminal: each character one, an arrow and its like none. */
export function keysIn(text: string): string[] {
  if (text.startsWith(ESCAPE) && text.length > 1) return [];
  return [...text.replaceAll("\n", ENTER)];
}

function look(key: string, tree: RunTree): { readonly mode: Mode; readonly wish?: Wish } {
  const [asking] = askingOf(tree);
  if (key === "q" || key === CTRL_D) return { mode: LOOKING, wish: { kind: "leave" } };
  if (key === "c") return { mode: { kind: "cancelling" } };
  if (key === "p") return { mode: LOOKING, wish: { kind: "pause" } };
  if (key === "a" && asking) return { mode: { kind: "answering", asking, typed: "" } };
  return { mode: LOOKING };
}

function typing(mode: Mode & { kind: "answering" }, key: string): { readonly mode: Mode; readonly wish?: Wish } {
  const { asking, typed } = mode;
  if (key === ESCAPE) return { mode: LOOKING };
  if (key === BACKSPACE || key === "\b") return { mode: { ...mode, typed: [...typed].slice(0, -1).join("") } };
  if (key === ENTER) {
    return typed.trim() === "" ? { mode } : { mode: LOOKING, wish: { kind: "answer", asking, text: typed } };
  }
  return /\p{Cc}/u.test(key) ? { mode } : { mode: { ...mode, typed: typed + key } };
}

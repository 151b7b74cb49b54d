import type { ShownEdit } from "../../../setup/shown-change.ts";
import { paint, type Style } from "../../style.ts";

/** A change line by line, as people know it from patches. */
export function changeLines(style: Style, shown: readonly ShownEdit[]): string[] {
  return shown.flatMap(({ line, removed, inserted }) => [
    paint(style, "dim", `  line ${line}`),
    ...removed.map((text) => paint(style, "red", `  - ${text}`)),
    ...inserted.map((text) => paint(style, "green", `  + ${text}`)),
  ]);
}

import type { AutoState } from "../../../domain/auto/auto-state.ts";
import type { Cli } from "../../command.ts";

/** Puts a question to the person that only they can answer; undefined when they left instead. */
export async function askPerson(
  cli: Cli,
  { message, next, suggestions }: NonNullable<AutoState["block"]>,
): Promise<string | undefined> {
  const [{ openKeyboard }, { wrap }] = await Promise.all([
    import("../interview/keyboard.ts"),
    import("../interview/wrap.ts"),
  ]);
  const keyboard = openKeyboard(cli);
  const said = [next, ...suggestions.map((one) => `- ${one}`)];
  keyboard.show(said.flatMap((line) => wrap(line, keyboard.style.width)));
  return keyboard.line(message);
}

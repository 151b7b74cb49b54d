import type { Ending } from "../runtime.ts";

/** Why a conversation with an agent cannot go on; `message` goes on from the agent's name. */
export class AcpFault extends Error {
  readonly ending: Ending;

  constructor(ending: Ending, message: string) {
    super(message);
    this.name = "AcpFault";
    this.ending = ending;
  }
}

import type { Persona } from "../domain/run/stagnation.ts";

/** How an agent is asked to think when earlier attempts have led nowhere. */
export const PERSONAS: Readonly<Record<Persona, string>> = {
  hacker: `Change the way you go about it: be the one who gets around obstacles.
The same thing was tried and failed the same way, so it will again. Write down for yourself what you take to be fixed, and test which of it really is. Take the most direct road to behaviour that works, however plain, by means that were not used so far; make it neat once it works.`,
  researcher: `Change the way you go about it: be the one who finds out first.
Nothing came of the last attempt. Before you write anything, read the code the criterion is about and what calls it, run what is there, and look at what really happens instead of what should. Put into one sentence what is missing and where. Then make that change, and see to it that the files have changed.`,
  simplifier: `Change the way you go about it: be the one who takes things away.
Each attempt adds less and fails as before. Ask of every part you have made what would happen without it, and take out what the criterion does not need. Then build the smallest thing for which the criterion holds, whole, from one end to the other.`,
  architect: `Change the way you go about it: be the one who looks at the structure.
The attempts go back and forth between two states: what cures one thing breaks another. Look for what both depend on (who owns which data, which piece knows too much, in which order things happen) and change that, so that both can hold at once.`,
  contrarian: `Change the way you go about it: be the one who doubts what everybody took for granted.
List what all attempts so far had in common: the place they changed, the cause they assumed, the reading of the criterion. Take the opposite of each seriously until the folder itself proves it wrong. Then work on what is left.`,
};

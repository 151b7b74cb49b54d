import { PERSONAS } from "../personas.ts";
import type { MindPrompt } from "./mind-prompt.ts";

export const CONTRARIAN: MindPrompt = {
  title: "The contrarian",
  thinks: PERSONAS.contrarian,
  asks: [
    "What has everybody taken for granted so far?",
    "What if the opposite were true: what would one see, and has anybody looked?",
    "Is this the problem, or the one next to it?",
    "What happens if nothing is done?",
    "Which success so far would look the same if the idea behind it were wrong?",
  ],
  hands_back: `Hand back the assumptions that all attempts share; for each, its opposite and what would show which holds; and what to do if the most comfortable of them is wrong. Doubt what matters: being against everything is no result.`,
};

// Every interleaving of the program's own operations, call by call, on a real SQLite: the statements run as shipped, and
// after each step every promise is looked at. Each mutant takes one clause away and must then be missed. SOAK=1 goes deeper.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Explored, explore } from "./explore.ts";
import { MUTANTS } from "./mutants.ts";
import { ownTheMachine } from "./replay.ts";
import { STARTS } from "./starts.ts";

const soak = process.env.SOAK === "1";
/** Two operations or accidents interleave in every way; a third one makes it some fifty times as many states. */
const SIZE = soak ? { most: 3, states: 200_000 } : { most: 2 };

let giveBack: () => void;
beforeAll(() => {
  giveBack = ownTheMachine();
});
afterAll(() => giveBack());

describe("whatever happens in whatever order, every promise is kept", () => {
  for (const start of STARTS) {
    test(
      `when ${start.name}`,
      async () => {
        const found = await explore({ start, ...SIZE, network: true });
        expect(storyOf(found)).toBe("every promise was kept");
        expect(found.complete || soak).toBe(true);
        expect(found.states).toBeGreaterThan(1_000);
        if (soak) process.stderr.write(`${start.name}: ${numbersOf(found)}\n`);
      },
      soak ? 900_000 : 60_000,
    );
  }
});

describe("a clause that is taken away is missed", () => {
  for (const mutant of MUTANTS) {
    test(mutant.name, async () => {
      const shipped = await explore(mutant.plan);
      expect(storyOf(shipped)).toBe("every promise was kept");
      const mutated = await explore(mutant.plan, mutant);
      expect(mutated.hits).toBeGreaterThan(0);
      expect(mutated.broken?.promise).toBe(mutant.breaks);
    }, 60_000);
  }
});

function storyOf({ broken }: Explored): string {
  if (!broken) return "every promise was kept";
  return [`broken: ${broken.promise}`, broken.how, ...broken.steps.map((step, n) => `${n + 1}. ${step}`)].join("\n");
}

function numbersOf({ states, transitions, depth, ran }: Explored): string {
  return `${states} states, ${transitions} steps, depth ${depth}, ${ran} batches on SQLite`;
}

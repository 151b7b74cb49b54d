import { isRefusal, type Refusal } from "../../../../src/base/refusal.ts";
import { parseSeed, type Seed, toSeed } from "../../../../src/domain/seed/seed.ts";
import { type SeedDocument, toDocument } from "../../../../src/domain/seed/seed-document.ts";
import { fromYaml } from "../../../../src/domain/seed/seed-yaml.ts";

/** The seed of a text, or of an object with the least it needs; fails where it is refused. */
export function seedOf(given: string | Readonly<Record<string, unknown>>): Seed {
  if (typeof given === "string") return accepted(parseSeed(given));
  return accepted(toSeed(accepted(toDocument({ goal: "g", acceptance_criteria: ["one"], ...given }))));
}

/** The document of a text that can be read. */
export function documentOf(text: string): SeedDocument {
  return accepted(fromYaml(text));
}

/** The refusal that was to come. */
export function refusalOf(value: object): Refusal {
  if (!isRefusal(value)) throw new Error(`It was taken: ${JSON.stringify(value)}`);
  return value;
}

function accepted<T extends object>(value: T | Refusal): T {
  if (isRefusal(value)) throw new Error(value.message);
  return value;
}

import { describe } from "bun:test";
import { appendingContract } from "./store-contract/appending.ts";
import { concludingContract } from "./store-contract/concluding.ts";
import { leaseContract } from "./store-contract/leases.ts";
import type { Place } from "./store-contract/place.ts";
import { readingContract } from "./store-contract/reading.ts";

/** What every store promises, whatever engine is underneath. `fresh` gives an empty place each time. */
export function storeContract(engine: string, fresh: () => Promise<Place>): void {
  describe(`a store on ${engine}`, () => {
    appendingContract(fresh);
    readingContract(fresh);
    leaseContract(fresh);
    concludingContract(fresh);
  });
}

import type { Row } from "./row.ts";

interface Head {
  readonly row: Row;
  readonly order: number;
  readonly rest: Iterator<Row>;
}

/** All streams as one, by time, the way concurrent runs reach one file; each stream is in time order already. */
export function* mergeStreams(streams: readonly Iterable<Row>[]): Generator<Row> {
  const heap: Head[] = [];
  streams.forEach((stream, order) => {
    const rest = stream[Symbol.iterator]();
    const first = rest.next();
    if (first.done !== true) heap.push({ row: first.value, order, rest });
  });
  for (let index = Math.floor(heap.length / 2) - 1; index >= 0; index -= 1) sink(heap, index);
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top.row;
    const next = top.rest.next();
    if (next.done === true) {
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) heap[0] = last;
    } else {
      heap[0] = { row: next.value, order: top.order, rest: top.rest };
    }
    sink(heap, 0);
  }
}

function sink(heap: Head[], from: number): void {
  const moving = heap[from];
  if (moving === undefined) return;
  let hole = from;
  for (;;) {
    let child = 2 * hole + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    let earlier = left;
    if (right !== undefined && precedes(right, left)) {
      earlier = right;
      child += 1;
    }
    if (!precedes(earlier, moving)) break;
    heap[hole] = earlier;
    hole = child;
  }
  heap[hole] = moving;
}

function precedes(a: Head, b: Head): boolean {
  return a.row.at < b.row.at || (a.row.at === b.row.at && a.order < b.order);
}

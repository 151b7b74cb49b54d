/** Hands items from one who makes them to one who takes them, keeping no more than a few. */
export interface MessageQueue<Item> {
  readonly isFull: boolean;
  /** Resolves when there is room again; at once when nobody takes any more. */
  push(item: Item): Promise<void>;
  /** No more will come; an error is met by whoever takes. */
  end(error?: unknown): void;
  readonly items: AsyncIterable<Item>;
}

/** A queue of at most `longest` items, to be read once; read early to an end, what comes after it is let go. */
export function createMessageQueue<Item>(longest: number): MessageQueue<Item> {
  const waiting: Item[] = [];
  let news = Promise.withResolvers<void>();
  let room = Promise.withResolvers<void>();
  let over = false;
  let left = false;
  let failure: unknown;
  return {
    get isFull() {
      return !left && waiting.length >= longest;
    },
    push(item) {
      if (left || over) return Promise.resolve();
      waiting.push(item);
      news.resolve();
      if (waiting.length < longest) return Promise.resolve();
      room = Promise.withResolvers();
      return room.promise;
    },
    end(error) {
      over = true;
      failure = error;
      news.resolve();
      room.resolve();
    },
    items: { [Symbol.asyncIterator]: take },
  };

  async function* take(): AsyncGenerator<Item> {
    try {
      for (;;) {
        for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
          if (waiting.length < longest) room.resolve();
          yield item;
        }
        if (over) break;
        news = Promise.withResolvers();
        if (waiting.length === 0) await news.promise;
      }
      if (failure !== undefined) throw failure;
    } finally {
      left = true;
      waiting.length = 0;
      room.resolve();
    }
  }
}

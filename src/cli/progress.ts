/** Says on stderr what takes long, and nothing at all about what is done within a second. */
export interface Progress {
  tell(text: string): void;
  done(): void;
}

const SILENT_MS = 1_000;
const TERMINAL_EVERY_MS = 100;
const LOG_EVERY_MS = 2_000;

/** Begins to watch the time; `first` is said if nothing else was told by then. */
export function startProgress(stream: NodeJS.WriteStream, first: string): Progress {
  const isTerminal = stream.isTTY === true;
  const every = isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
  let text = first;
  let saidAt = 0;
  const began = performance.now();
  const timer = setTimeout(say, SILENT_MS);
  return {
    tell(next) {
      text = next;
      const now = performance.now();
      if (now - began >= SILENT_MS && now - saidAt >= every) say();
    },
    done() {
      clearTimeout(timer);
      if (isTerminal && saidAt > 0) stream.write("\r\x1b[K");
    },
  };

  function say(): void {
    clearTimeout(timer);
    saidAt = performance.now();
    stream.write(isTerminal ? `\r\x1b[K${text}` : `${text}\n`);
  }
}

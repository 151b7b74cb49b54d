/** The command's stdout. Resolves when the text has left this process, so that nothing is lost when it ends right after. */
export interface Output {
  write(text: string): Promise<void>;
  /** Aborts when the reader has gone away (`ouroboros sessions | head -1`): nobody wants the rest. */
  readonly closed: AbortSignal;
}

/** Wraps a process stream; a reader that went away is no error, anything else a write meets is. */
export function createOutput(stream: NodeJS.WriteStream): Output {
  const closed = new AbortController();
  let trouble: Error | undefined;
  const onError = (error: Error): void => {
    if (isBrokenPipe(error)) closed.abort();
    else trouble ??= error;
  };
  // A failed write reports to its callback and to the stream; without a listener the second would be a crash.
  stream.on("error", onError);
  return {
    closed: closed.signal,
    async write(text) {
      if (closed.signal.aborted || text === "") return;
      await new Promise<void>((resolve) => {
        stream.write(text, (error) => {
          if (error) onError(error);
          resolve();
        });
      });
      if (trouble) throw trouble;
    },
  };
}

function isBrokenPipe(error: Error): boolean {
  return "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
}

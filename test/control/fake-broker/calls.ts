// What was asked of the made-up grants, in order, and a way to wait for it.
export type Call = readonly [what: string, ...args: unknown[]];

export interface Calls {
  readonly calls: Call[];
  asked(...call: Call): void;
  /** Resolves when grants were asked for `what`. */
  called(what: string): Promise<void>;
}

export function createCalls(): Calls {
  const calls: Call[] = [];
  const watchers = new Set<() => void>();
  return {
    calls,
    asked(...call) {
      calls.push(call);
      for (const watcher of watchers) watcher();
    },
    called: (what) =>
      new Promise((resolve) => {
        const watcher = () => {
          if (!calls.some(([name]) => name === what)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}

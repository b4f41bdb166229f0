// Calls both ways between the stand-in, which runs in the app's process, and Chromium, which the tests' process drives.
export interface FrameInfo {
  readonly id: number;
  readonly parent: number | null;
  readonly url: string;
}

/** Crosses a port: what the contract's messages are made of. */
export type PortData = string | Uint8Array;

/** What the app's process asks of Chromium: name → what goes in, what comes out. */
export interface ToChromium {
  'window.create': [
    {
      id: number;
      preload: string;
      width: number;
      height: number;
      refused: readonly string[];
      schemes: readonly string[];
    },
    void,
  ];
  'window.load': [{ id: number; url: string }, void];
  'window.size': [{ id: number; width: number; height: number }, void];
  'window.destroy': [{ id: number }, void];
  'port.post': [{ port: string; data: PortData }, void];
  'port.close': [{ port: string }, void];
}

/** What Chromium asks of the app's process. */
export interface ToApp {
  request: [
    { id: number; url: string; method: string },
    { status: number; headers: Record<string, string>; body: Uint8Array },
  ];
  /** Whether a page may go there. */
  navigate: [{ id: number; frame: FrameInfo; url: string }, boolean];
  /** A page wants another window; it never gets one. */
  open: [{ id: number; url: string }, void];
  frames: [{ id: number; frames: readonly FrameInfo[] }, void];
  /** The page closed its own window. */
  closing: [{ id: number }, void];
  ipc: [{ id: number; url: string; channel: string; message: unknown; ports: readonly string[] }, void];
  'port.message': [{ port: string; data: PortData }, void];
  'port.closed': [{ port: string }, void];
  evaluate: [{ source: string; arg: unknown }, unknown];
}

type Calls = { [name: string]: [unknown, unknown] };
export type Answers<T> = {
  readonly [N in keyof T]: T[N] extends [infer In, infer Out] ? (input: In) => Out | Promise<Out> : never;
};
export type Asks<T> = <N extends keyof T>(
  name: N,
  input: T[N] extends [infer In, unknown] ? In : never,
) => Promise<T[N] extends [unknown, infer Out] ? Out : never>;

export interface Channel {
  readonly send: (message: unknown) => void;
  readonly listen: (listener: (message: unknown) => void) => void;
}

type Message =
  | { readonly ask: number; readonly name: string; readonly input: unknown }
  | { readonly answer: number; readonly value?: unknown; readonly error?: string };

/** Answers the other side's calls, in the order in which they came, and gives what makes ours. */
export function wire<
  Theirs extends { [N in keyof Theirs]: Calls[string] },
  Ours extends { [N in keyof Ours]: Calls[string] },
>(channel: Channel, answers: Answers<Ours>): Asks<Theirs> {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  channel.listen((received) => {
    const message = received as Message;
    if ('answer' in message) {
      const waiter = waiting.get(message.answer);
      waiting.delete(message.answer);
      if (message.error === undefined) waiter?.resolve(message.value as never);
      else waiter?.reject(new Error(message.error));
      return;
    }
    const { ask } = message;
    const answer = answers[message.name as keyof Ours] as (input: unknown) => unknown;
    const answering = async () => answer(message.input);
    answering().then(
      (value) => channel.send({ answer: ask, value }),
      (error: unknown) => channel.send({ answer: ask, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  return (name, input) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      channel.send({ ask: last, name, input });
    });
}

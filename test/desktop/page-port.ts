// Talks to the broker from inside a page, by hand: what a script in the window could do, whatever it is.
import type { Page } from 'playwright-core';

interface Bridge {
  readonly tokentray?: { readonly requestPort: () => void };
}

/** The raw answer to one call over a fresh port; null when nothing was answered in time. */
export function callOverPort(
  page: Page,
  path: string,
  input: unknown = {},
  patienceMs = 5_000,
): Promise<string | null> {
  const request = JSON.stringify({ i: '1', p: { u: `http://orpc/${path}`, b: { json: input } } });
  return sayOverPort(page, request, patienceMs);
}

/** As `callOverPort`, with anything at all as the message. */
export function sayOverPort(page: Page, message: string, patienceMs = 5_000): Promise<string | null> {
  return page.evaluate(
    ([message, patience]) =>
      new Promise<string | null>((resolve) => {
        const end = (answer: string | null) => {
          window.removeEventListener('message', take);
          resolve(answer);
        };
        const take = (event: MessageEvent<unknown>) => {
          const [port] = event.ports;
          if (event.source !== window || port === undefined) return;
          port.addEventListener('message', ({ data }: MessageEvent<unknown>) => end(String(data)));
          port.start();
          port.postMessage(message);
        };
        window.addEventListener('message', take);
        setTimeout(() => end(null), patience);
        (window as unknown as Bridge).tokentray?.requestPort();
      }),
    [message, patienceMs] as const,
  );
}

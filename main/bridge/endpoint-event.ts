// The first event of HTTP+SSE (2024-11-05), which names the address that messages are to be posted to.

export type Beginning =
  | { readonly kind: 'endpoint'; readonly address: string }
  /** Another event came first, or nothing for too long. */
  | { readonly kind: 'other' }
  | { readonly kind: 'unfinished' };

const mostBeforeIt = 16_384;

/** What an event stream begins with, read from all of it that has come (HTML, Server-sent events). */
export function beginningOf(text: string): Beginning {
  let event = '';
  const data: string[] = [];
  const lines = text.slice(0, mostBeforeIt).split(/\r\n|\n|\r/u);
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) return event === 'endpoint' ? { kind: 'endpoint', address: data.join('\n') } : other;
      event = '';
      continue;
    }
    const { field, value = '' } = /^(?<field>[^:]*)(?:: ?(?<value>.*))?$/u.exec(line)?.groups ?? {};
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  return text.length > mostBeforeIt ? other : { kind: 'unfinished' };
}

const other: Beginning = { kind: 'other' };

/** The stream as it is; `onAddress` is told the address ahead of the event that names it. */
export function watchForEndpoint(
  stream: ReadableStream<Uint8Array>,
  onAddress: (address: string) => void,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  let text = '';
  let watching = true;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (watching) {
          text += decoder.decode(chunk, { stream: true });
          const beginning = beginningOf(text);
          if (beginning.kind === 'endpoint') onAddress(beginning.address);
          watching = beginning.kind === 'unfinished';
          if (!watching) text = '';
        }
        controller.enqueue(chunk);
      },
    }),
  );
}

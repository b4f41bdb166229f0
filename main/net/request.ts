// A fetch's two arguments as one plain request: undici's fetch takes no Request of another realm's making.

export interface PlainRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream | string | null;
  readonly signal: AbortSignal | null;
}

/** Bodies stay as they are when undici takes them, else they are read into memory. */
export async function plainRequest(input: string | URL | Request, init: RequestInit = {}): Promise<PlainRequest> {
  const given = input instanceof Request ? input : null;
  const headers = new Headers(init.headers ?? given?.headers);
  const signal = init.signal === undefined ? (given?.signal ?? null) : init.signal;
  return {
    url: new URL(input instanceof Request ? input.url : input),
    method: (init.method ?? given?.method ?? 'GET').toUpperCase(),
    headers,
    body: await plainBody(init.body === undefined ? (given?.body ?? null) : init.body, headers),
    signal,
  };
}

async function plainBody(body: BodyInit | null, headers: Headers): Promise<PlainRequest['body']> {
  if (body === null || typeof body === 'string' || body instanceof ReadableStream) return body;
  const wrapped = new Response(body);
  // A form says its own type, with its boundary.
  const type = wrapped.headers.get('content-type');
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type);
  return new Uint8Array(await wrapped.arrayBuffer());
}

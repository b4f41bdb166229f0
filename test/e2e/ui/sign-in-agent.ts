// An agent that has nothing but a server's address: the official SDK's client, with a page of its own that says how its sign-in ended.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Client,
  StreamableHTTPClientTransport,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';

export type Ended =
  | { readonly kind: 'signed-in' }
  | { readonly kind: 'refused'; readonly error: string | null; readonly description: string | null };

export interface SignInAgent extends AsyncDisposable {
  /** What it opens in the person's browser. */
  readonly opens: string;
  /** Where the answer is to go: its own page. */
  readonly callback: string;
  /** Once the answer has come back to it, and it has a token or none. */
  readonly ended: Promise<Ended>;
  /** The answer to a tool's call, with the token that it got. */
  call(tool: string): Promise<string>;
  hasTokens(): boolean;
}

/** Comes to the bridge without a key, is turned away, and begins to sign in. */
export async function signInAgent(url: string, name: string): Promise<SignInAgent> {
  const ended = Promise.withResolvers<Ended>();
  const page = createServer((req, res) => {
    const came = new URL(req.url ?? '/', 'http://127.0.0.1');
    // A browser asks for its icon as well.
    if (came.pathname !== '/callback') return void res.writeHead(404).end();
    finish(came.searchParams, res).catch(ended.reject);
  });
  await new Promise<void>((resolve) => void page.listen(0, '127.0.0.1', resolve));
  const callback = `http://127.0.0.1:${(page.address() as AddressInfo).port}/callback`;
  const asked: string[] = [];
  const { provider, tokens } = remembering(callback, name, (url) => void asked.push(url.href));
  const transport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  const clients: Client[] = [];

  async function finish(answer: URLSearchParams, res: ServerResponse): Promise<void> {
    const error = answer.get('error');
    if (error === null) await first.finishAuth(answer);
    const description = answer.get('error_description');
    ended.resolve(error === null ? { kind: 'signed-in' } : { kind: 'refused', error, description });
    res.setHeader('content-type', 'text/html; charset=utf-8');
    res.end(
      error === null ? said('Signed in', 'You can close this tab.') : said('Not signed in', description ?? error),
    );
  }

  const first = transport();
  const refused = await new Client({ name, version: '1' }).connect(first).then(
    () => new Error('it was let in without a sign-in'),
    (error: unknown) => error,
  );
  const [opens] = asked;
  if (opens === undefined) throw refused;
  return {
    opens,
    callback,
    ended: ended.promise,
    hasTokens: () => tokens() !== undefined,
    async call(tool) {
      const client = new Client({ name, version: '1' });
      clients.push(client);
      await client.connect(transport());
      return JSON.stringify((await client.callTool({ name: tool, arguments: {} })).content);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      page.closeAllConnections();
      await new Promise((resolve) => page.close(resolve));
    },
  };
}

/** What an agent keeps between the steps of its sign-in. */
function remembering(callback: string, name: string, open: (url: URL) => void) {
  let client: StoredOAuthClientInformation | undefined;
  let tokens: StoredOAuthTokens | undefined;
  let verifier = '';
  let discovered: OAuthDiscoveryState | undefined;
  const provider: OAuthClientProvider = {
    redirectUrl: callback,
    clientMetadata: { client_name: name, redirect_uris: [callback] },
    state: () => 'state',
    clientInformation: () => client,
    saveClientInformation: (information) => void (client = information),
    tokens: () => tokens,
    saveTokens: (saved) => void (tokens = saved),
    redirectToAuthorization: open,
    saveCodeVerifier: (saved) => void (verifier = saved),
    codeVerifier: () => verifier,
    saveDiscoveryState: (saved) => void (discovered = saved),
    discoveryState: () => discovered,
  };
  return { provider, tokens: () => tokens };
}

const escaped = (text: string): string => text.replaceAll(/[&<>"']/gu, (char) => `&#${char.charCodeAt(0)};`);

const said = (title: string, words: string): string =>
  `<!doctype html><html lang="en"><title>${title}</title><main><h1>${title}</h1><p>${escaped(words)}</p></main></html>`;

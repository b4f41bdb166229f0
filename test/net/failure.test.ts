// Whatever keeps a server from being reached is told with a code, what happened, what to do, and whether we were heard.
import { createServer as plainServer, type Server, type Socket } from 'node:net';
import { createServer as tlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { failureWords } from '../../main/net/failure-words.ts';
import { failure } from '../../main/net/failure.ts';
import { listenOn } from '../../main/net/listen-on.ts';
import { createOutbound } from '../../main/net/outbound.ts';
import { serve, silent } from '../oauth/servers.ts';
import { certificate, privateKey } from './certificate.ts';

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** How it is said by both ways out, metadata and MCP traffic; a body that fails later is the reader's of MCP traffic. */
async function told(url: string, ways: readonly ('oauth' | 'mcp')[] = ['oauth', 'mcp']): Promise<TokentrayError> {
  const outbound = createOutbound({ log: silent, env: {} });
  ends.push(outbound.close);
  const fetches = {
    oauth: outbound.oauthFetch({ server: new URL('http://127.0.0.1:1/mcp'), allowHttp: false }),
    mcp: outbound.mcpFetch,
  };
  const errors: TokentrayError[] = [];
  for (const way of ways) {
    const error = await fetches[way](url).catch((reason: unknown) => reason);
    if (!(error instanceof TokentrayError)) throw new Error('it did not fail in our words');
    errors.push(error);
  }
  const [first] = errors;
  if (first === undefined) throw new Error('nothing was asked');
  for (const error of errors) expect(error.toJSON()).toEqual(first.toJSON());
  return first;
}

/** A server that does this with every connection, and its port. */
async function raw(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  server.on('tlsClientError', () => undefined);
  const { port } = await listenOn(server, { preferredPort: 0, who: 'a test', attempted: 'listen' });
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

describe('an address that cannot be reached', () => {
  it('because nothing listens there', async () => {
    await using gone = await serve();
    await gone[Symbol.asyncDispose]();
    const error = await told(gone.url);
    expect(error).toMatchObject({ code: 'unreachable', facts: { cause: 'ECONNREFUSED', sent: false } });
    expect(error.message).toBe(`"${gone.url}" cannot be reached: nothing listens there`);
    expect(error.advice).toContain('port');
  });

  it('because of a port that no web server may have', async () => {
    const error = await told('http://127.0.0.1:9/mcp');
    expect(error).toMatchObject({
      code: 'forbidden_address',
      retry: 'never',
      facts: { cause: 'BAD_PORT', sent: false },
    });
    expect(error.message).toContain('never used for the web');
    expect(error.advice).toBe('Check the port in the address.');
  });

  it('because its certificate is nobody’s', async () => {
    const port = await raw(tlsServer({ cert: certificate, key: privateKey }));
    const error = await told(`https://127.0.0.1:${port}/`);
    expect(error).toMatchObject({ code: 'unreachable', facts: { cause: 'DEPTH_ZERO_SELF_SIGNED_CERT', sent: false } });
    expect(error.message).toContain('has a certificate that is not trusted');
    expect(error.advice).toContain('extra CA');
  });

  it('because it is plain http under an https address, which is not the certificate’s fault', async () => {
    await using server = await serve({ '/': { text: 'hello' } });
    const error = await told(`https://127.0.0.1:${server.port}/`);
    expect(error).toMatchObject({ code: 'unreachable', facts: { sent: false } });
    expect(error.message).toContain('it does not speak TLS there');
    expect(error.advice).toContain('http://');
  });

  it('because no TLS can be agreed on', async () => {
    const port = await raw(tlsServer({}));
    const error = await told(`https://127.0.0.1:${port}/`);
    expect(error).toMatchObject({ code: 'unreachable', facts: { sent: false } });
    expect(error.message).toContain('no TLS connection can be agreed on');
  });

  it('because something else than a web server answers', async () => {
    const port = await raw(plainServer((socket) => socket.end('220 mail.example ESMTP\r\n')));
    const error = await told(`http://127.0.0.1:${port}/`);
    expect(error).toMatchObject({ code: 'unreadable_answer', message: expect.stringContaining('does not speak HTTP') });
  });

  it('because it hangs up on the request, which it may have read', async () => {
    const port = await raw(plainServer((socket) => socket.once('data', () => socket.end())));
    const error = await told(`http://127.0.0.1:${port}/`);
    expect(error).toMatchObject({ code: 'unreachable', facts: { sent: true } });
    expect(error.message).toContain('broke the connection off');
  });

  it('because its answer cannot be unpacked', async () => {
    await using server = await serve({ '/': { headers: { 'content-encoding': 'gzip' }, text: 'not packed' } });
    expect(await told(server.url, ['oauth'])).toMatchObject({ code: 'unreadable_answer', facts: { sent: true } });
  });
});

describe('the words for a failure', () => {
  const everyCode =
    `ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH EADDRNOTAVAIL ETIMEDOUT ECONNRESET EPIPE EACCES
    UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_SOCKET UND_ERR_PRX_TLS UND_ERR_HEADERS_OVERFLOW
    CERT_HAS_EXPIRED CERT_NOT_YET_VALID ERR_TLS_CERT_ALTNAME_INVALID UNABLE_TO_VERIFY_LEAF_SIGNATURE SELF_SIGNED_CERT_IN_CHAIN
    ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION EPROTO HPE_INVALID_CONSTANT SOMETHING_NEW`.split(/\s+/u);

  it.each(everyCode)('of %s say what happened and what to do, and never just its code', (code) => {
    const error = failure(new URL('https://mcp.example/'), Object.assign(new Error('no'), { code }));
    expect(error.facts['cause']).toBe(code);
    expect(error.message.replaceAll(code, '')).toMatch(/^"https:\/\/mcp\.example" \p{L}+ .*\p{L}{3}/u);
    expect(error.advice).toMatch(/^\p{Lu}.{10,}\.$/u);
  });

  it('without any code are a sentence all the same', () => {
    const error = failure(new URL('https://mcp.example/'), new TypeError('fetch failed', { cause: new Error('odd') }));
    expect(error.message).toBe('"https://mcp.example" cannot be reached: the connection failed');
    expect(error.facts).toEqual({ cause: 'unknown', sent: true });
  });

  it('take what may come in the middle of an answer for heard: only a handshake’s own failure is not', () => {
    expect(failureWords('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC').sent).toBe(true);
    expect(failureWords('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE').sent).toBe(false);
  });

  it('of an address with a password do not bring it along', async () => {
    const error = await told('http://user:hunter2@127.0.0.1:4/');
    expect(error.code).toBe('unsafe_url');
    expect(`${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('hunter2');
  });
});

// Streamable HTTP as an agent speaks it, on kept-alive connections: one POST, and its answer from JSON or an event stream.
import { Pool } from 'undici';
import { protocolVersions, resultOf, type Era, type Wire } from './agent.ts';

/** A call that takes longer than this is a defect and not a slow call. */
const answerWithinMs = 15_000;

export function httpWire(era: Era, url: URL, token: string, connections: number): Wire {
  const pool = new Pool(url.origin, { connections, headersTimeout: answerWithinMs, bodyTimeout: answerWithinMs });
  const always = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  let session: Readonly<Record<string, string>> = {};
  let ids = 0;

  const post = async (
    method: string,
    message: object,
    name: string | null,
  ): Promise<{ status: number; text: string }> => {
    const modern =
      era === 'old'
        ? session
        : {
            'mcp-protocol-version': protocolVersions.new,
            'mcp-method': method,
            ...(name === null ? {} : { 'mcp-name': name }),
          };
    const answer = await pool.request({
      method: 'POST',
      path: url.pathname,
      headers: { ...always, ...modern },
      body: JSON.stringify(message),
    });
    const text = await answer.body.text();
    const opened = answer.headers['mcp-session-id'];
    if (method === 'initialize' && typeof opened === 'string') {
      session = { 'mcp-session-id': opened, 'mcp-protocol-version': protocolVersions.old };
    }
    const isStream = String(answer.headers['content-type']).startsWith('text/event-stream');
    return { status: answer.statusCode, text: isStream ? lastData(text) : text };
  };

  return {
    ask: async (method, params) => {
      const id = (ids += 1);
      const name = typeof params['name'] === 'string' ? params['name'] : null;
      const { status, text } = await post(method, { jsonrpc: '2.0', id, method, params }, name);
      if (status !== 200) throw new Error(`${method} was answered with ${status}: ${text.slice(0, 300)}`);
      return resultOf(method, JSON.parse(text));
    },
    notify: async (method) => {
      const { status } = await post(method, { jsonrpc: '2.0', method }, null);
      if (status !== 202) throw new Error(`${method} was answered with ${status}`);
    },
    close: async () => {
      if ('mcp-session-id' in session) {
        const ended = await pool.request({ method: 'DELETE', path: url.pathname, headers: { ...always, ...session } });
        await ended.body.dump();
      }
      await pool.destroy();
    },
  };
}

/** The response ends a request's stream, so it is the last event with data. */
function lastData(stream: string): string {
  const lines = stream.split('\n').filter((line) => line.startsWith('data: {'));
  return lines.at(-1)?.slice('data: '.length) ?? 'an event stream without a message';
}

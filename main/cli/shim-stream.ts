// One raw stream to the broker for one server: an HTTP upgrade on the control socket. Free of dependencies; runs on Node 18.
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { encodeHello, helloHeader, stdioPath, stdioUpgrade } from '../control/stdio-protocol.ts';
import type { StdioHello } from '../control/stdio-protocol.ts';

/** The broker's no, in its words: asking again would not help. */
export class Refused extends Error {
  readonly advice: string | null;
  constructor(message: string, advice: string | null) {
    super(message);
    this.advice = advice;
  }
}

const upgradeTimeoutMs = 10_000;
const refusalLimit = 65_536;

/** The stream, or null when nobody listens at the socket. @throws Refused */
export function openStream(socketPath: string, hello: StdioHello): Promise<Duplex | null> {
  return new Promise((resolve, reject) => {
    const asking = request({
      socketPath,
      path: stdioPath + encodeURIComponent(hello.server),
      headers: { connection: 'Upgrade', upgrade: stdioUpgrade, [helloHeader]: encodeHello(hello) },
      timeout: upgradeTimeoutMs,
    });
    asking.once('upgrade', (_response, stream: Duplex, head: Buffer) => {
      if ('setTimeout' in stream && typeof stream.setTimeout === 'function') stream.setTimeout(0);
      if (head.length > 0) stream.unshift(head);
      resolve(stream);
    });
    asking.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body = (body + chunk).slice(0, refusalLimit)));
      response.once('end', () => reject(refusal(body, response.statusCode)));
      response.once('error', () => resolve(null));
    });
    asking.once('timeout', () => asking.destroy(new Refused('the broker does not answer', null)));
    // A broker that dies in mid-answer is one that is not there.
    asking.on('error', (error) => (error instanceof Refused ? reject(error) : resolve(null)));
    asking.end();
  });
}

function refusal(body: string, status: number | undefined): Refused {
  try {
    const said: unknown = JSON.parse(body);
    if (typeof said === 'object' && said !== null && 'message' in said && typeof said.message === 'string') {
      const advice = 'advice' in said && typeof said.advice === 'string' ? said.advice : null;
      return new Refused(said.message, advice);
    }
  } catch {
    // Not our broker's JSON: the status is all there is to say.
  }
  return new Refused(`the broker answered with status ${status}`, null);
}

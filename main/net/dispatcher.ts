// Connections: directly or through the proxy that the environment names, trusting the same certificates on every way.
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { ProxyFor } from './proxy.ts';

export interface Connections {
  readonly proxyFor: ProxyFor;
  readonly trust: SecureContext;
  readonly lookup: LookupFunction;
  readonly connectMs: number;
  /** False: a new connection for every request. A broken kept-alive one leaves unclear whether a request was seen. */
  readonly keepAlive: boolean;
}

export interface RoutedDispatcher {
  readonly dispatcher: Dispatcher;
  close(): Promise<void>;
}

/** Time-outs for headers and bodies are the caller's: undici's own are exact to a second at best. */
export function routedDispatcher(connections: Connections): RoutedDispatcher {
  const { trust: secureContext, connectMs: timeout, lookup } = connections;
  const shared = {
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(connections.keepAlive ? {} : { pipelining: 0 }),
  };
  const direct = new Agent({ ...shared, connect: { secureContext, timeout, lookup } });
  const proxies = new Map<string, ProxyAgent>();

  function through(proxy: URL): ProxyAgent {
    let agent = proxies.get(proxy.href);
    if (agent === undefined) {
      const tls = { secureContext, timeout };
      // Plain http goes to the proxy in absolute form (RFC 9112 section 3.2.2): many proxies tunnel to port 443 only.
      agent = new ProxyAgent({ ...shared, uri: proxy.href, requestTls: tls, proxyTls: tls, proxyTunnel: false });
      proxies.set(proxy.href, agent);
    }
    return agent;
  }

  const dispatcher = direct.compose((dispatch) => (options, handler) => {
    const proxy = options.origin === undefined ? null : connections.proxyFor(new URL(String(options.origin)));
    return proxy === null ? dispatch(options, handler) : through(proxy).dispatch(options, handler);
  });
  return {
    dispatcher,
    // Streams may stay open for ever, so nothing waits for them.
    close: async () => {
      await Promise.all([direct, ...proxies.values()].map((agent) => agent.destroy()));
    },
  };
}

// Everything that leaves this machine: one stack with the user's proxy, certificates and limits, in two manners:
// OAuth's small guarded exchanges, and MCP's open streams.
import type { LookupFunction } from 'node:net';
import { fetch as undiciFetch, type Dispatcher } from 'undici';
import type { Fetch, Log } from '../ports.ts';
import { mayName, statedPlace, type Place } from './address.ts';
import { routedDispatcher, type RoutedDispatcher } from './dispatcher.ts';
import { failure } from './failure.ts';
import { guardedLookup, localhostAware } from './lookup.ts';
import { oauthFetch, type OauthScope } from './oauth-fetch.ts';
import { proxyRules, type Environment } from './proxy.ts';
import { plainRequest } from './request.ts';
import { serverPlaces } from './server-place.ts';
import { trustedContext } from './trust.ts';

export interface OutboundOptions {
  readonly log: Log;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY stand; `process.env` unless given. */
  readonly env?: Environment;
  /** PEM files of certificate authorities to trust beside the system's. */
  readonly extraCaFiles?: readonly string[];
  /** Milliseconds. The last two are for OAuth's exchanges; MCP's streams may take as long as they want. */
  readonly timeouts?: { readonly connectMs?: number; readonly headersMs?: number; readonly bodyMs?: number };
  /** Instead of the system's name look-up. */
  readonly lookup?: LookupFunction;
}

export interface Outbound {
  /** For metadata, registration, token and revocation requests on behalf of one server; see oauth-fetch.ts. */
  readonly oauthFetch: (scope: OauthScope) => Fetch;
  /** For MCP traffic: streams both ways, waits as long as it takes, follows no redirect. */
  readonly mcpDispatcher: Dispatcher;
  /** The same as a fetch; redirects come back as they are. @throws unreachable, unreadable_answer */
  readonly mcpFetch: Fetch;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** @throws invalid_input when a proxy address or a CA file cannot be read */
export function createOutbound(options: OutboundOptions): Outbound {
  const connectMs = options.timeouts?.connectMs ?? 10_000;
  const proxyFor = proxyRules(options.env ?? process.env);
  const trust = trustedContext(options.extraCaFiles ?? []);
  const places = serverPlaces(localhostAware(options.lookup));
  const mcp = routedDispatcher({ proxyFor, trust, lookup: places.ofServers, connectMs, keepAlive: true });
  // Apart from each other: a connection that one place may use must not be lent to another.
  const guarded = new Map<Place, RoutedDispatcher>();

  function guardedFor(place: Place): Dispatcher {
    let routed = guarded.get(place);
    if (routed === undefined) {
      const allowed = guardedLookup(places.ofNamed, mayName(place));
      routed = routedDispatcher({ proxyFor, trust, lookup: allowed, connectMs, keepAlive: false });
      guarded.set(place, routed);
    }
    return routed.dispatcher;
  }

  return {
    oauthFetch: (scope) =>
      oauthFetch(
        {
          log: options.log,
          // Behind a proxy only the proxy can look names up; a server that it reaches by name counts as public.
          place: async ({ server, allowHttp }) =>
            statedPlace(server) === null && proxyFor(server) !== null ? 'public' : places.of(server, allowHttp),
          dispatcher: guardedFor,
          connectMs,
          headersMs: options.timeouts?.headersMs ?? 20_000,
          bodyMs: options.timeouts?.bodyMs ?? 20_000,
        },
        scope,
      ),
    mcpDispatcher: mcp.dispatcher,
    mcpFetch: mcpFetch(mcp.dispatcher),
    close: async () => {
      await Promise.all([mcp, ...guarded.values()].map((routed) => routed.close()));
    },
  };
}

function mcpFetch(dispatcher: Dispatcher): Fetch {
  return async (input, init) => {
    const { url, method, headers, body, signal } = await plainRequest(input, init);
    try {
      const response = await undiciFetch(url, {
        method,
        headers: [...headers],
        body,
        signal,
        dispatcher,
        redirect: 'manual',
        ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
      });
      // The same interface, declared twice: by undici and by the web's types.
      return response as unknown as Response;
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw failure(url, error);
    }
  };
}

// The broker, called from the window: the contract's typed client over Electron's MessagePort or the page's own origin.
import { createORPCClient } from '@orpc/client';
import { RPCLink as HttpLink } from '@orpc/client/fetch';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import type { contract } from '../preload/contract.ts';
import { portChannel } from '../preload/channel.ts';

export type Client = ContractRouterClient<typeof contract>;

/** Electron's preload hands over a port; in a browser the host that served this page answers at `rpc` beside it. */
export async function connectBroker(): Promise<Client> {
  const host = window.tokentray;
  return host === undefined ? overHttp() : overPort(await takePort(host.requestPort));
}

function overHttp(): Client {
  // Cookies go along because the address is the page's own; no other origin is ever asked.
  return createORPCClient(new HttpLink({ url: new URL('rpc', location.href) }));
}

function overPort(port: MessagePort): Client {
  port.start();
  return createORPCClient(new PortLink({ port }));
}

/** The preload posts the port to this very window; a message from anywhere else is not it. */
function takePort(request: () => void): Promise<MessagePort> {
  return new Promise((resolve) => {
    const onMessage = (event: MessageEvent<unknown>) => {
      const [port] = event.ports;
      if (event.source !== window || event.data !== portChannel || port === undefined) return;
      window.removeEventListener('message', onMessage);
      resolve(port);
    };
    window.addEventListener('message', onMessage);
    request();
  });
}

// The browser host, started with the first link: a broker whose person never opens the UI in a browser has no port for it.
import { startBrowserHost, type BrowserHost, type BrowserHostOptions } from './browser-host.ts';

export interface LateBrowserHost {
  /** A link that lets one browser in, once. @throws port_taken, invalid_input when the window was not built */
  newLink(): Promise<string>;
  close(): Promise<void>;
}

/** @param options.router asked for late: the router's own parts hand out links */
export function createLateBrowserHost(
  options: Omit<BrowserHostOptions, 'router'> & { readonly router: () => BrowserHostOptions['router'] },
): LateBrowserHost {
  let starting: Promise<BrowserHost> | null = null;
  return {
    async newLink() {
      starting ??= startBrowserHost({ ...options, router: options.router() });
      try {
        return (await starting).newLink();
      } catch (error) {
        // The next one tries again: meanwhile the window may have been built.
        starting = null;
        throw error;
      }
    },
    async close() {
      const host = await starting?.catch(() => null);
      await host?.close();
    },
  };
}

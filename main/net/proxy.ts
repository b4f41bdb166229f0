// Which proxy a request takes: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, read as curl and Go read them.
import { BlockList, isIP, isIPv4 } from 'node:net';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { isLoopbackUrl, literalAddress } from './address.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for a URL; null: connect directly. */
export type ProxyFor = (url: URL) => URL | null;

/**
 * Lower-case names win over upper-case ones; an empty value means none. Requests to this machine take a proxy only when
 * the proxy is on this machine too: otherwise plain http to loopback, with its token, would leave it.
 * @throws invalid_input when a proxy address cannot be read
 */
export function proxyRules(env: Environment): ProxyFor {
  const http = readProxy(env, 'http_proxy');
  const https = readProxy(env, 'https_proxy');
  const exempt = readExemptions(env['no_proxy'] ?? env['NO_PROXY'] ?? '');
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    if (proxy === null || exempt(url)) return null;
    return isLoopbackUrl(url) && !isLoopbackUrl(proxy) ? null : proxy;
  };
}

function readProxy(env: Environment, name: string): URL | null {
  const value = (env[name] ?? env[name.toUpperCase()] ?? '').trim();
  if (value === '') return null;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (['http:', 'https:', 'socks5:', 'socks:'].includes(url.protocol) && url.hostname !== '') return url;
  }
  // The value is not shown: it may hold the proxy's password.
  throw new TokentrayError('invalid_input', `the proxy address in ${name.toUpperCase()} cannot be read`, {
    attempted: 'read the proxy settings',
    advice: 'Write it as http://host:port, or unset it.',
  });
}

/** NO_PROXY: names (and everything under them), `*`, addresses, CIDR blocks, each with an optional port. */
function readExemptions(value: string): Exempt {
  const entries = value
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .slice(0, 1_000)
    .map(readExemption);
  return (url) => {
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    return entries.some((entry) => entry(url, port));
  };
}

type Exempt = (url: URL) => boolean;

function readExemption(entry: string): (url: URL, port: string) => boolean {
  if (entry === '*') return () => true;
  const block = /^(.+)\/(\d{1,3})$/.exec(entry);
  if (block !== null && isIP(block[1] ?? '') !== 0) return inBlock(block[1] ?? '', Number(block[2]), entry);
  const parts = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(entry);
  const host = (parts?.[1] ?? entry).replace(/^\[|\]$/g, '').toLowerCase();
  const port = parts?.[2] ?? null;
  const name = host.replace(/^\*?\./, '');
  return (url, actual) => {
    if (port !== null && port !== actual) return false;
    const target = (literalAddress(url) ?? url.hostname).toLowerCase();
    return target === name || (isIP(name) === 0 && target.endsWith(`.${name}`));
  };
}

function inBlock(net: string, bits: number, entry: string): (url: URL) => boolean {
  const list = new BlockList();
  try {
    list.addSubnet(net, bits, isIPv4(net) ? 'ipv4' : 'ipv6');
  } catch (cause) {
    throw new TokentrayError('invalid_input', `NO_PROXY has an address block that cannot be read: ${quote(entry)}`, {
      cause,
    });
  }
  return (url) => {
    const literal = literalAddress(url);
    return literal !== null && list.check(literal, isIPv4(literal) ? 'ipv4' : 'ipv6');
  };
}

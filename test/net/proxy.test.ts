// The proxy variables mean what they mean to curl.
import { describe, expect, it } from 'vitest';
import { proxyRules, type Environment } from '../../main/net/proxy.ts';

function proxyOf(url: string, env: Environment): string | null {
  return proxyRules(env)(new URL(url))?.host ?? null;
}

describe('a request', () => {
  it('takes the proxy of its scheme, and none where none is named for it', () => {
    const env = { HTTP_PROXY: 'http://plain.proxy:1', HTTPS_PROXY: 'http://tls.proxy:2' };
    expect(proxyOf('http://a.example/', env)).toBe('plain.proxy:1');
    expect(proxyOf('https://a.example/', env)).toBe('tls.proxy:2');
    expect(proxyOf('https://a.example/', { HTTP_PROXY: 'http://plain.proxy:1' })).toBeNull();
    expect(proxyOf('https://a.example/', {})).toBeNull();
  });

  it('prefers the lower-case names, whose empty value turns a proxy off', () => {
    expect(proxyOf('http://a.example/', { http_proxy: 'low.proxy:1', HTTP_PROXY: 'high.proxy:1' })).toBe('low.proxy:1');
    expect(proxyOf('http://a.example/', { http_proxy: '', HTTP_PROXY: 'high.proxy:1' })).toBeNull();
  });

  it.each([
    ['example.com', 'https://example.com/', true],
    ['example.com', 'https://api.example.com/', true],
    ['.example.com', 'https://api.example.com/', true],
    ['*.example.com', 'https://api.example.com/', true],
    ['EXAMPLE.com', 'https://api.example.COM/', true],
    ['example.com', 'https://notexample.com/', false],
    ['example.com:8443', 'https://example.com:8443/', true],
    ['example.com:8443', 'https://example.com/', false],
    ['example.com:443', 'https://example.com/', true],
    ['*', 'https://anything.example/', true],
    ['10.0.0.0/8', 'https://10.1.2.3/', true],
    ['10.0.0.0/8', 'https://11.1.2.3/', false],
    ['fd00::/8', 'https://[fd12::1]/', true],
    ['fd12::1', 'https://[fd12::1]/', true],
    ['[fd12::1]:443', 'https://[fd12::1]/', true],
    ['a.example, b.example c.example', 'https://c.example/', true],
    ['1.2.3.4', 'https://11.2.3.4/', false],
  ])('with NO_PROXY=%s to %s goes directly: %s', (exempt, url, direct) => {
    const env = { HTTPS_PROXY: 'http://proxy.test:3128', NO_PROXY: exempt };
    expect(proxyOf(url, env) === null).toBe(direct);
  });

  it('to this machine never goes through a proxy elsewhere: its token would leave the machine in plain text', () => {
    for (const url of ['http://127.0.0.1:3000/', 'http://localhost:3000/', 'http://[::1]:3000/']) {
      expect(proxyOf(url, { HTTP_PROXY: 'http://proxy.test:3128' })).toBeNull();
      expect(proxyOf(url, { HTTP_PROXY: 'http://127.0.0.1:8888' })).toBe('127.0.0.1:8888');
    }
  });
});

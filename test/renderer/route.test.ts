// Every screen has an address that leads back to it, whatever a name contains.
import { describe, expect, it } from 'vitest';
import { href, parseRoute, type Route } from '../../renderer/store/route.ts';

describe('an address', () => {
  it.each<[Route]>([
    [{ at: 'servers' }],
    [{ at: 'add' }],
    [{ at: 'add', url: 'https://mcp.example/mcp?a=1&b=%20#x' }],
    [{ at: 'add', name: 'notes' }],
    [{ at: 'server', server: 'a/b?c#d %' }],
    [{ at: 'server', server: 'notes', part: 'doctor' }],
    [{ at: 'activity', filter: {} }],
    [{ at: 'activity', filter: { server: 'notes', agent: 'Claude & Co', kind: 'refreshed' } }],
    [{ at: 'add', name: 'notes', account: 'work & home' }],
    [{ at: 'approvals' }],
    [{ at: 'approvals', prompt: 'a/b' }],
    [{ at: 'agents' }],
    [{ at: 'agent', id: 'a1?#' }],
    [{ at: 'audit', filter: { agent: 'cursor', kind: 'rule-hit' } }],
    [{ at: 'settings' }],
    [{ at: 'settings', part: 'vault' }],
  ])('leads back to %j', (route) => expect(parseRoute(href(route))).toEqual(route));

  it('that means nothing leads to the servers', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#//', '#/servers/'])
      expect(parseRoute(hash)).toEqual({ at: 'servers' });
    expect(parseRoute('#/servers/%E0%A4%A')).toEqual({ at: 'server', server: '%E0%A4%A' });
  });
});

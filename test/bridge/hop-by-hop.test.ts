// Headers that belong to one connection, one origin or one credential stay on their side of the bridge.
import { describe, expect, it } from 'vitest';
import { agentHeaders, hasBody, upstreamHeaders } from '../../main/bridge/hop-by-hop.ts';

describe('headers on their way to the server', () => {
  it('keep their order and repetition', () => {
    expect(upstreamHeaders(['X-B', '1', 'X-A', '2', 'X-B', '3'], {})).toEqual(['x-b', '1', 'x-a', '2', 'x-b', '3']);
  });

  it('that the grant sets stand alone, whatever the agent sent under that name', () => {
    expect(upstreamHeaders(['X-Api-Key', 'of the agent'], { 'X-API-Key': 'of the grant' })).toEqual([
      'X-API-Key',
      'of the grant',
    ]);
  });

  it('lose what any Connection line names, but never the announced length of the body', () => {
    const sent = [
      'Connection',
      'x-one, Content-Length',
      'X-One',
      '1',
      'connection',
      'x-two',
      'x-two',
      '2',
      'content-length',
      '5',
    ];
    expect(upstreamHeaders(sent, {})).toEqual(['content-length', '5']);
  });
});

describe('headers on their way to the agent', () => {
  it('keep values that were given several times', () => {
    expect(agentHeaders({ 'x-a': ['1', '2'], 'content-length': '1' })).toEqual({
      'x-a': ['1', '2'],
      'content-length': '1',
    });
  });
});

describe('a body', () => {
  it('is there when a length above nothing or chunks are announced', () => {
    expect(hasBody({})).toBe(false);
    expect(hasBody({ 'content-length': '0' })).toBe(false);
    expect(hasBody({ 'content-length': '1' })).toBe(true);
    expect(hasBody({ 'transfer-encoding': 'chunked' })).toBe(true);
  });
});

// A challenge is understood however a server writes it, and a hostile one does no harm.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearerChallenge, challengeSchemes, parseChallenges } from '../../main/oauth/challenge.ts';

describe('a challenge', () => {
  it('of the specification’s example gives its metadata address and scope', () => {
    const header =
      'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource", scope="files:read files:write"';
    expect(bearerChallenge(header)).toMatchObject({
      scheme: 'bearer',
      scope: ['files:read', 'files:write'],
      resource_metadata: 'https://mcp.example.com/.well-known/oauth-protected-resource',
      error: null,
    });
  });

  it('of a step-up gives error and description', () => {
    const header = 'Bearer error="insufficient_scope", scope="a", error_description="say \\"please\\", then \\\\ wait"';
    expect(bearerChallenge(header)).toMatchObject({
      error: 'insufficient_scope',
      error_description: 'say "please", then \\ wait',
      scope: ['a'],
    });
  });

  it.each<[string, string[] | null]>([
    ['Bearer scope="a b"', ['a', 'b']],
    ['Bearer scope="a,b, c"', ['a', 'b', 'c']],
    ['Bearer scope="[\\"a\\", \\"b\\"]"', ['a', 'b']],
    ["Bearer scope=\"['a', 'b']\"", ['a', 'b']],
    ['Bearer scope=a', ['a']],
    ['Bearer scope=files:read files:write, error=x', ['files:read', 'files:write']],
    ['Bearer scope=a error="x"', ['a']],
    ['Bearer SCOPE="a"', ['a']],
    ['Bearer scope=""', null],
    ['Bearer realm="x"', null],
  ])('%s names the scopes %j', (header, scopes) => {
    expect(bearerChallenge(header)?.scope ?? null).toEqual(scopes);
  });

  it.each([
    ['Basic realm="a, Bearer scope=\\"x\\"", Bearer scope="y"', ['basic', 'bearer']],
    ['Negotiate, NTLM, Bearer error="invalid_token"', ['negotiate', 'ntlm', 'bearer']],
    ['Negotiate YIIabc+/==, Bearer realm="r"', ['negotiate', 'bearer']],
    ['Bearer', ['bearer']],
    ['bearer realm = "a" , foo = bar', ['bearer']],
    [', ,Bearer,, DPoP algs="ES256"', ['bearer', 'dpop']],
    ['', []],
  ])('in %s is told apart from its neighbours', (header, schemes) => {
    expect(challengeSchemes(header)).toEqual(schemes);
  });

  it('without quotation marks still gives its metadata address', () => {
    const header = 'Bearer resource_metadata=https://x.example/meta?a=b, error=invalid_token';
    expect(bearerChallenge(header)).toMatchObject({
      resource_metadata: 'https://x.example/meta?a=b',
      error: 'invalid_token',
    });
  });

  it.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'ftp://x/',
    'https://user:pass@x.example/',
    'not an address',
    '',
  ])('that points to %j points nowhere', (address) =>
    expect(bearerChallenge(`Bearer resource_metadata="${address}"`)?.resource_metadata).toBeNull(),
  );

  it('takes the first of a repeated parameter', () => {
    expect(bearerChallenge('Bearer error="one", error="two"')?.error).toBe('one');
  });

  it('with two schemes is taken by the preferred one, completed by the other', () => {
    const header =
      'Bearer realm="r", scope="a", DPoP algs="ES256", error="use_dpop_nonce", resource_metadata="https://x.example/m"';
    expect(bearerChallenge(header)).toMatchObject({
      scheme: 'bearer',
      scope: ['a'],
      error: 'use_dpop_nonce',
      resource_metadata: 'https://x.example/m',
    });
    expect(bearerChallenge(header, 'dpop')).toMatchObject({ scheme: 'dpop', scope: ['a'], params: { algs: 'ES256' } });
  });

  it('that is none for OAuth is no answer', () => {
    expect(bearerChallenge('Basic realm="x"')).toBeNull();
    expect(bearerChallenge(null)).toBeNull();
  });
});

describe('a hostile header', () => {
  it('never throws and never takes long', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('Bearer ', 'scope', '=', '"', '\\', ',', ' ', 'a', 'é', '\u0000', 'x="y"', 'Basic'), {
          maxLength: 200,
        }),
        (parts) => {
          for (const challenge of parseChallenges(parts.join(''))) expect(challenge.scheme).toMatch(/^[!-~]+$/);
        },
      ),
    );
    for (const part of ['"', '\\', 'a', 'a=', 'scope=a ', ' ', ',', 'a="', 'scope=', 'b ', '= ']) {
      const before = performance.now();
      parseChallenges(`Bearer ${part.repeat(16_000 / part.length)}`);
      expect(performance.now() - before).toBeLessThan(1_000);
    }
  });

  it('beyond 16 KiB, or with endless challenges and parameters, is not read to its end', () => {
    expect(parseChallenges(`Bearer realm="${'x'.repeat(17_000)}"`)).toEqual([]);
    expect(parseChallenges('a, '.repeat(5_000))).toHaveLength(16);
    const many = parseChallenges(`Bearer ${Array.from({ length: 900 }, (_, index) => `p${index}=1`).join(', ')}`);
    expect(Object.keys(many[0]?.params ?? {})).toHaveLength(64);
  });

  it('with a quotation mark that never closes says nothing behind it', () => {
    expect(bearerChallenge('Bearer realm="x, error="insufficient_scope')?.error).toBeNull();
  });

  it('cannot set what it should not: a parameter named __proto__ is only a name', () => {
    const challenge = bearerChallenge('Bearer __proto__="x", error="e"');
    expect(challenge?.error).toBe('e');
    expect(Object.getPrototypeOf(challenge?.params)).toBe(Object.prototype);
  });
});

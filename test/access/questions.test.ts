// What a person is asked about is the call that is sent, to the last digit, and their answer counts for no other one.
import { describe, expect, it } from 'vitest';
import type { AgentView } from '../../preload/contract.ts';
import { readStrictly } from '../../main/access/message.ts';
import { keyOf, shownQuestion, type Question } from '../../main/access/questions.ts';
import type { JsonObject } from '../../main/access/types.ts';

function questionOf(args: string): Question {
  const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":${args}}}`;
  const read = readStrictly(Buffer.from(text));
  if (read.kind !== 'one') throw new Error(read.kind);
  return {
    kind: 'call',
    agent: { id: 'a', name: 'agent' },
    via: 'http',
    session: 'http:a',
    server: 'notes',
    account: 'default',
    tool: 'pay',
    title: null,
    marked: 'destructive',
    arguments: (read.message['params'] as JsonObject)['arguments'] as JsonObject,
  };
}

const agent: AgentView = {
  id: 'a',
  name: 'agent',
  kind: 'key',
  trusted: false,
  claimed: { name: null, client: null, clientUri: null },
  checked: null,
  createdAt: 0,
  lastUsedAt: null,
  revokedAt: null,
  unused: false,
};
const shown = (args: string) => {
  const question = shownQuestion(questionOf(args), agent, { url: 'https://notes.example', identity: null, scopes: [] });
  if (question.kind !== 'call') throw new Error('not asked about the call');
  return question;
};

describe('a question about a call', () => {
  it.each([
    '9007199254740993',
    '0.1000000000000000055511151231257827',
    '1e400',
    '-0',
    '123456789012345678901234567890',
  ])('shows the number that is sent: %s', (literal) => {
    expect(shown(`{"to":"alice","amount":${literal}}`).arguments).toBe(
      `{\n  "amount": ${literal},\n  "to": "alice"\n}`,
    );
  });

  it('is another one when a digit is another one, where JavaScript would not see it', () => {
    const keys = [990, 991, 992, 993, 994].map((last) => keyOf(questionOf(`{"amount":9007199254740${last}}`)));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOf(questionOf('{"amount":1e400}'))).not.toBe(keyOf(questionOf('{"amount":1e401}')));
    expect(keyOf(questionOf('{"amount":9007199254740993}'))).toBe(
      keyOf(questionOf(' { "amount" : 9007199254740993 } ')),
    );
  });

  it('is the same one for the same number in other words', () => {
    expect(keyOf(questionOf('{"amount":1e3}'))).toBe(keyOf(questionOf('{"amount":1000}')));
    expect(keyOf(questionOf('{"amount":1.0}'))).toBe(keyOf(questionOf('{"amount":1}')));
  });

  it('says that there is more of a number than it shows', () => {
    const { arguments: text, cut } = shown(`{"amount":${'9'.repeat(1_000_000)}}`);
    expect(cut).toBe(true);
    expect(text.length).toBe(32_768);
  });
});

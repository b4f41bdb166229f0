// The audit's part of the contract, carried out: pages of rows, the verdict over all of them, and a file for the window.
import { setImmediate } from 'node:timers/promises';
import { implement } from '@orpc/server';
import type { ContractOutputs } from '../../preload/contract.ts';
import { auditContract } from '../../preload/contract-access-calls.ts';
import { exportName, lineFormats } from '../audit/export.ts';
import type { AuditFilter } from '../audit/types.ts';
import { TokentrayError } from '../errors.ts';
import type { ControlDeps } from './deps.ts';
import type { CallContext } from './implement.ts';

const implementing = () =>
  implement({ audit: auditContract })
    .$context<CallContext>()
    .use(({ next }) => next()).audit;

const step = 500;
/** Characters; the contract's limit is a little higher. */
const largestFile = 120_000_000;

/** @param os the implementer of `auditContract`, with whatever stands around every procedure */
export function createAuditRouter(
  os: ReturnType<typeof implementing>,
  { audit, clock }: Pick<ControlDeps, 'audit' | 'clock'>,
) {
  /** Oldest first, as logs are read; the whole is one answer, so there is a limit to it. */
  async function file(format: 'jsonl' | 'csv', filter: AuditFilter): Promise<ContractOutputs['audit']['export']> {
    const { head, line, mediaType } = lineFormats[format];
    const parts = [head];
    let length = head.length;
    for (let after: number | null = -1; after !== null;) {
      const page = await audit.page({ ...filter, after, limit: step });
      for (const row of page.items) {
        const text = line(row);
        parts.push(text);
        length += text.length;
      }
      if (length > largestFile) {
        throw new TokentrayError('invalid_input', 'the audit is too large to be handed over in one piece', {
          attempted: 'export the audit',
          advice: 'Choose a server, an agent or a kind, or use the command line: tokentray audit export -o <file>',
        });
      }
      after = page.next;
      await setImmediate();
    }
    return { name: exportName(format, clock.now()), mediaType, content: parts.join('') };
  }

  return {
    list: os.list.handler(({ input }) => audit.page(input)),
    choices: os.choices.handler(() => audit.choices()),
    verify: os.verify.handler(() => audit.verify()),
    export: os.export.handler(({ input: { format, ...filter } }) => file(format, filter)),
  };
}

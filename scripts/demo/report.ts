// One line per step: what was done and what happened on the wire. The first step that does not hold ends the demo.
import type { RecordedRequest } from '../../test/support/authorization-server.ts';

export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

export interface Report {
  /** Runs a step; it resolves with what to say about it. @throws StepFailed */
  step(name: string, run: () => Promise<string>): Promise<void>;
  /** Something worth knowing that is no step. */
  note(text: string): void;
  readonly passed: number;
}

export function createReport(write: (line: string) => void, colours: boolean): Report {
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  let passed = 0;
  return {
    get passed() {
      return passed;
    },
    note: (text) => write(`  ${paint(2, text)}`),
    step: async (name, run) => {
      try {
        const said = await run();
        passed += 1;
        write(`${paint(32, '✓')} ${name.padEnd(9)} ${said}`);
      } catch (error) {
        write(`${paint(31, '✗')} ${name.padEnd(9)} ${error instanceof Error ? error.message : String(error)}`);
        throw error instanceof StepFailed ? error : new StepFailed(name, { cause: error });
      }
    },
  };
}

/** Ends the step when something that the demo promises is not so. */
export function hold(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new StepFailed(otherwise);
}

/** `POST /token grant_type=refresh_token resource=… → 200`. */
export function wire(request: RecordedRequest, ...params: string[]): string {
  const shown = params.flatMap((name) => {
    const value = request.params[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  const what = [`${request.method} ${request.path}`, ...shown].join(' ');
  return `${what} → ${request.status}${request.error === null ? '' : ` ${request.error}`}`;
}

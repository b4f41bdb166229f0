// The answers to "may this one call go out?": yes or no, for this call only.
import { useState, type ReactNode } from 'react';
import type { Prompt } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { classes } from '../design/classes.ts';
import { ProblemNote } from '../design/note.tsx';
import { useCall } from '../store/call.ts';
import { useClient } from '../store/context.tsx';
import { plainText } from '../words/names.ts';
import styles from './answer.module.css';
import { useArmed } from './use-armed.ts';

interface CallAnswerProps {
  readonly prompt: Extract<Prompt, { kind: 'call' }>;
  readonly onAnswering: (answering: boolean) => void;
  readonly onAnswered: (words: string) => void;
  /** Stands at the end of the last line. */
  readonly foot: ReactNode;
}

export function CallAnswer({ prompt, onAnswering, onAnswered, foot }: CallAnswerProps) {
  const client = useClient();
  const armed = useArmed(prompt.id);
  const [allows, setAllows] = useState(false);
  const call = useCall((_signal, allow: boolean) => client.approvals.answer({ id: prompt.id, allow }));
  const working = call.state.kind === 'working';
  const problem = call.state.kind === 'failed' && call.state.problem.code !== 'unknown_approval' && call.state.problem;
  const give = async (allow: boolean) => {
    if (working) return;
    setAllows(allow);
    const tool = plainText(prompt.tool, 40);
    onAnswering(true);
    if ((await call.run(allow)) === null) onAnswering(false);
    else onAnswered(allow ? `The call of ${tool} goes out.` : `The call of ${tool} was denied.`);
  };
  return (
    <>
      <div className={classes(styles.buttons, styles.even)}>
        <Button
          size="large"
          unarmed={!armed}
          disabled={working && allows}
          busy={working && !allows}
          onClick={() => void give(false)}
        >
          Deny
        </Button>
        <Button
          look={prompt.marked === 'destructive' ? 'destroy' : 'main'}
          size="large"
          unarmed={!armed}
          disabled={working && !allows}
          busy={working && allows}
          onClick={() => void give(true)}
        >
          Allow this call
        </Button>
      </div>
      <div className={styles.quiet}>{foot}</div>
      {problem !== false && <ProblemNote problem={problem} />}
    </>
  );
}

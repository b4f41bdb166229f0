// The answers to "may it use this?": how long and how much are chosen first, then one of two large buttons says all of it.
import { useState, type ReactNode } from 'react';
import type { Prompt } from '../../preload/contract.ts';
import { Button } from '../design/button.tsx';
import { Switch } from '../design/checkbox.tsx';
import { ProblemNote } from '../design/note.tsx';
import { Segments } from '../design/segments.tsx';
import { useCall } from '../store/call.ts';
import { useNow } from '../store/clock.ts';
import { useClient } from '../store/context.tsx';
import { plainText } from '../words/names.ts';
import styles from './answer.module.css';
import {
  allowed,
  allowLabel,
  denied,
  durations,
  durationWords,
  usualDuration,
  type Decision,
  type Duration,
} from './decision.ts';
import { useArmed } from './use-armed.ts';

interface UseAnswerProps {
  readonly prompt: Extract<Prompt, { kind: 'use' }>;
  readonly onAnswering: (answering: boolean) => void;
  readonly onAnswered: (words: string) => void;
  /** Stands at the end of the last line. */
  readonly foot: ReactNode;
}

export function UseAnswer({ prompt, onAnswering, onAnswered, foot }: UseAnswerProps) {
  const client = useClient();
  const [duration, setDuration] = useState<Duration>(usualDuration);
  const [onlyReading, setOnlyReading] = useState(false);
  const armed = useArmed(prompt.id);
  const now = useNow(15_000);
  const [chosen, setChosen] = useState<'allow' | 'deny' | 'never' | null>(null);
  // Not bound to this window: an answer that was given is given.
  const call = useCall((_signal, decision: Decision) => client.approvals.decide({ id: prompt.id, ...decision }));
  const working = call.state.kind === 'working';
  // An answer that came too late needs no word: the question itself says what became of it.
  const problem = call.state.kind === 'failed' && call.state.problem.code !== 'unknown_approval' && call.state.problem;
  const agent = plainText(prompt.agent.name, 40);

  const give = async (which: NonNullable<typeof chosen>, decision: Decision, words: string) => {
    if (working) return;
    setChosen(which);
    onAnswering(true);
    if ((await call.run(decision)) === null) onAnswering(false);
    else onAnswered(words);
  };
  const allow = () =>
    give(
      'allow',
      allowed(duration, onlyReading, Date.now()),
      `${agent} may use ${prompt.server}${onlyReading ? ', for reading only' : ''}.`,
    );
  return (
    <>
      <div className={styles.choices}>
        <div className={styles.long}>
          <Segments label="For how long" value={duration} onChange={setDuration} options={durations} />
          <p className={styles.words}>{durationWords(duration, prompt.via, now)}</p>
        </div>
        <Switch
          label="Read-only"
          help="Only tools marked as reading."
          checked={onlyReading}
          onChange={setOnlyReading}
        />
      </div>
      <div className={styles.buttons}>
        <Button
          size="large"
          unarmed={!armed}
          disabled={working && chosen !== 'deny'}
          busy={working && chosen === 'deny'}
          onClick={() => void give('deny', denied(false), `${agent} was denied ${prompt.server} this time.`)}
        >
          Deny
        </Button>
        <Button
          look="main"
          size="large"
          unarmed={!armed}
          disabled={working && chosen !== 'allow'}
          busy={working && chosen === 'allow'}
          onClick={() => void allow()}
        >
          {allowLabel(duration, onlyReading)}
        </Button>
      </div>
      <div className={styles.quiet}>
        <Button
          look="quiet"
          size="small"
          unarmed={!armed}
          disabled={working && chosen !== 'never'}
          busy={working && chosen === 'never'}
          onClick={() =>
            void give(
              'never',
              denied(true),
              `${agent} is denied ${prompt.server}, and you are not asked about it again.`,
            )
          }
        >
          Deny and don’t ask again
        </Button>
        {foot}
      </div>
      {problem !== false && <ProblemNote problem={problem} />}
    </>
  );
}

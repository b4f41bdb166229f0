// A grant's state: a dot in its tone and the words, kept true to the second where it matters, and in the past once the broker is gone.
import type { GrantState } from '../store/model.ts';
import { useNow } from '../store/clock.ts';
import { useModel } from '../store/context.tsx';
import { pastStateWords, stateDetail, stateStepMs, stateTone, stateWords } from '../words/state.ts';
import { plainText } from '../words/names.ts';
import { ToneDot } from './badge.tsx';
import { classes } from './classes.ts';
import styles from './state-line.module.css';

interface StateLineProps {
  readonly state: GrantState;
  /** All of it, over as many lines as it takes. */
  readonly wrap?: boolean;
}

export function StateLine({ state, wrap = false }: StateLineProps) {
  const coarse = useNow(15_000);
  const now = useNow(stateStepMs(state, coarse));
  const live = useModel((model) => model.link.kind === 'live');
  const words = live ? stateWords(state, now) : pastStateWords(state);
  const detail = live ? stateDetail(state) : null;
  const tone = live ? stateTone(state) : 'idle';
  return (
    <span
      className={classes(styles.state, styles[tone], wrap && styles.wrap)}
      title={detail === null ? words : `${words}: ${plainText(detail)}`}
    >
      <ToneDot tone={tone} />
      <span className={styles.words} data-state-words>
        {words}
      </span>
    </span>
  );
}

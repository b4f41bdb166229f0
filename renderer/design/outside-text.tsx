// Text that came from outside (names, scopes, errors, addresses): isolated from the line around it, and never markup.
import { plainText } from '../words/names.ts';
import { classes } from './classes.ts';
import styles from './outside-text.module.css';

interface OutsideTextProps {
  readonly children: string;
  /** `line`: one line, cut, the whole in the title. `wrap`: all of it, broken where needed. */
  readonly fit?: 'line' | 'wrap';
  readonly mono?: boolean;
  /** Characters; beyond it is cut. */
  readonly longest?: number;
}

export function OutsideText({ children, fit = 'line', mono = false, longest }: OutsideTextProps) {
  const text = plainText(children, longest);
  return (
    <bdi className={classes(styles[fit], mono && styles.mono)} title={fit === 'line' ? text : undefined}>
      {text}
    </bdi>
  );
}

// A short word in a tone, and the dot that goes with a state. Colour never says it alone.
import type { ReactNode } from 'react';
import type { Tone } from '../words/state.ts';
import { classes } from './classes.ts';
import styles from './badge.module.css';

interface BadgeProps {
  readonly tone?: Tone | 'danger';
  readonly title?: string;
  readonly children: ReactNode;
}

export function Badge({ tone = 'idle', title, children }: BadgeProps) {
  return (
    <span className={classes(styles.badge, styles[tone])} title={title}>
      {children}
    </span>
  );
}

/** Its shape differs by tone too, for those who see no difference in colour. */
export function ToneDot({ tone }: { readonly tone: Tone }) {
  return <span className={classes(styles.dot, styles[tone])} aria-hidden="true" />;
}

/** An OAuth scope, as the server spells it. */
export function Scope({ children }: { readonly children: string }) {
  return (
    <span className={styles.scope} title={children}>
      <bdi>{children}</bdi>
    </span>
  );
}

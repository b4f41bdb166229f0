// Something most people do not need, folded away under a line that says what it is.
import type { ReactNode } from 'react';
import { classes } from './classes.ts';
import { Icon } from './icons.tsx';
import styles from './disclosure.module.css';

interface DisclosureProps {
  readonly label: string;
  /** Without a frame: inside a card. */
  readonly plain?: boolean;
  readonly open?: boolean;
  readonly children: ReactNode;
}

export function Disclosure({ label, plain = false, open = false, children }: DisclosureProps) {
  return (
    <details className={classes(styles.disclosure, plain && styles.plain)} open={open || undefined}>
      <summary className={styles.summary}>
        <Icon name="forward" />
        {label}
      </summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}

// Rows of a flush card: what it is and a line about it at the start, what can be done with it at the end, or below where there is no room.
import type { ReactNode } from 'react';
import { classes } from './classes.ts';
import styles from './rows.module.css';

export function Rows({ children }: { readonly children: ReactNode }) {
  return <ul className={styles.rows}>{children}</ul>;
}

interface RowProps {
  readonly title: ReactNode;
  readonly about: ReactNode;
  /** `about` is whole sentences: in a small window the actions go below them. */
  readonly wordy?: boolean;
  /** Buttons. */
  readonly actions?: ReactNode;
}

export function Row({ title, about, wordy = false, actions }: RowProps) {
  return (
    <li className={styles.row}>
      <div className={classes(styles.words, wordy && styles.wordy)}>
        <div className={styles.title}>{title}</div>
        <p className={styles.about}>{about}</p>
      </div>
      {actions !== undefined && actions !== false && <div className={styles.actions}>{actions}</div>}
    </li>
  );
}

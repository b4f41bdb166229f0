// That something is going on, for how long already, and how to stop it.
import { useState, type ReactNode } from 'react';
import { useNow } from '../store/clock.ts';
import { Button } from './button.tsx';
import styles from './progress.module.css';

interface ProgressProps {
  readonly label: ReactNode;
  readonly detail?: ReactNode;
  readonly onCancel?: () => void;
  readonly cancelLabel?: string;
  /** When it began; without it, when it was first shown. */
  readonly since?: number;
}

/** The time appears after a few seconds: what is quick should not look measured. */
export function Progress({ label, detail, onCancel, cancelLabel = 'Cancel', since }: ProgressProps) {
  const [shownAt] = useState(Date.now);
  const seconds = Math.floor((useNow(1_000) - (since ?? shownAt)) / 1_000);
  return (
    <div className={styles.progress}>
      <div className={styles.head}>
        <div className={styles.words}>
          <p className={styles.label} role="status">
            {label}
          </p>
          {detail !== undefined && <p className={styles.detail}>{detail}</p>}
        </div>
        {seconds >= 3 && <span className={styles.time}>{seconds} s</span>}
        {onCancel !== undefined && (
          <Button size="small" onClick={onCancel}>
            {cancelLabel}
          </Button>
        )}
      </div>
      <div className={styles.bar} aria-hidden="true">
        <span />
      </div>
    </div>
  );
}

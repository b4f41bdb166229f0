// Whom a row is about, and what it says beyond its name: each in its own place, so that a name cannot pass for more than one.
import { OutsideText } from '../design/outside-text.tsx';
import styles from './about-line.module.css';

interface AboutLineProps {
  readonly agent: string | null;
  readonly detail: string | null;
}

export function AboutLine({ agent, detail }: AboutLineProps) {
  if (agent === null && detail === null) return null;
  return (
    <span className={styles.about}>
      {agent !== null && (
        <span className={styles.agent}>
          <OutsideText>{agent}</OutsideText>
        </span>
      )}
      {agent !== null && detail !== null && <span aria-hidden="true">·</span>}
      {detail !== null && (
        <span className={styles.detail}>
          <OutsideText>{detail}</OutsideText>
        </span>
      )}
    </span>
  );
}

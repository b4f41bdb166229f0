// Whether an agent's name can be relied on: a sign, a colour and the sentence.
import { classes } from '../design/classes.ts';
import { Icon, type IconName } from '../design/icons.tsx';
import type { Trust, TrustTone } from '../words/evidence.ts';
import styles from './trust-line.module.css';

const signs: Readonly<Record<TrustTone, IconName>> = {
  fine: 'check',
  idle: 'info',
  warn: 'warning',
  danger: 'problem',
};

export function TrustLine({ trust }: { readonly trust: Trust }) {
  return (
    <p className={classes(styles.trust, styles[trust.tone])}>
      <Icon name={signs[trust.tone]} />
      <bdi>{trust.words}</bdi>
    </p>
  );
}

// The sign in front of an event: its shape and colour tell the tone, the words beside it tell the rest.
import { classes } from '../design/classes.ts';
import { Icon, type IconName } from '../design/icons.tsx';
import type { EventTone } from './event-words.ts';
import styles from './event-sign.module.css';

const signs: Readonly<Record<EventTone, IconName>> = {
  fine: 'check',
  idle: 'info',
  busy: 'key',
  'needs-you': 'warning',
  danger: 'problem',
};

export function EventSign({ tone }: { readonly tone: EventTone }) {
  return (
    <span className={classes(styles.sign, styles[tone])} aria-hidden="true">
      <Icon name={signs[tone]} />
    </span>
  );
}

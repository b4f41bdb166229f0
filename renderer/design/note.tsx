// A remark in the page: a failure with its advice, a warning, something good to know.
import type { ReactNode } from 'react';
import type { Problem } from '../store/problem.ts';
import { plainText } from '../words/names.ts';
import { classes } from './classes.ts';
import { Marked } from './marked.tsx';
import { Icon, type IconName } from './icons.tsx';
import styles from './note.module.css';

type NoteTone = 'info' | 'warn' | 'danger' | 'fine';
const signs: Readonly<Record<NoteTone, IconName>> = { info: 'info', warn: 'warning', danger: 'problem', fine: 'check' };

interface NoteProps {
  readonly tone?: NoteTone;
  readonly title?: ReactNode;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  /** Read out at once, because it answers what the person did. */
  readonly announce?: boolean;
}

export function Note({ tone = 'info', title, children, actions, announce = false }: NoteProps) {
  return (
    <div className={classes(styles.note, styles[tone])} role={announce ? 'alert' : undefined}>
      <Icon name={signs[tone]} />
      <div className={styles.words}>
        {title !== undefined && <p className={styles.title}>{title}</p>}
        {hasContent(children) && <div className={styles.body}>{children}</div>}
        {hasContent(actions) && <div className={styles.actions}>{actions}</div>}
      </div>
    </div>
  );
}

/** Whether there is anything to show: `condition && …` gives false. */
const hasContent = (node: ReactNode): boolean => node !== undefined && node !== null && node !== false;

/** What went wrong and what to do about it. */
export function ProblemNote({ problem, actions }: { readonly problem: Problem; readonly actions?: ReactNode }) {
  return (
    <Note tone="danger" announce title={<bdi>{plainText(problem.message)}</bdi>} actions={actions}>
      {problem.advice !== null && <Marked>{problem.advice}</Marked>}
    </Note>
  );
}

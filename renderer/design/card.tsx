// A surface that holds things that belong together, with an optional heading and actions in its head.
import { useId, type ReactNode } from 'react';
import { classes } from './classes.ts';
import styles from './card.module.css';

interface CardProps {
  readonly title?: ReactNode;
  /** A sentence under the title. */
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  /** No padding around the body: for lists that reach the edges. */
  readonly flush?: boolean;
  readonly children?: ReactNode;
}

export function Card({ title, about, actions, flush = false, children }: CardProps) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <header className={styles.head}>
          <div className={styles.words}>
            <h2 id={id} className={styles.title}>
              {title}
            </h2>
            {about !== undefined && <p className={styles.about}>{about}</p>}
          </div>
          {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        </header>
      )}
      {children !== undefined && <div className={classes(styles.body, flush && styles.flush)}>{children}</div>}
    </section>
  );
}

/** Names beside values: what a fact is called and what it is. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}

export function Fact({ name, children }: { readonly name: ReactNode; readonly children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

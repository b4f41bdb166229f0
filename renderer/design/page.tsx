// The frame of a screen: its heading, which takes the focus when one comes to the screen, and the actions beside it.
import { useEffect, useRef, type ReactNode } from 'react';
import { classes } from './classes.ts';
import { Icon } from './icons.tsx';
import styles from './page.module.css';

interface PageProps {
  /** Also the window's title. */
  readonly title: string;
  /** In place of the title on the page: a sentence whose names stand for themselves. */
  readonly heading?: ReactNode;
  /** In front of the heading: a server's icon. */
  readonly sign?: ReactNode;
  /** Under the heading: one line that says how things are. */
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly back?: { readonly href: string; readonly label: string };
  /** For forms and text: a narrower column. */
  readonly narrow?: boolean;
  readonly children: ReactNode;
}

export function Page({ title, heading: shown, sign, about, actions, back, narrow = false, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tokentray`;
    // Who follows a link lands where the new screen begins, unless the screen gave the focus to a field already.
    const focused = document.activeElement;
    if (
      focused === null ||
      focused === document.body ||
      !(heading.current?.closest('main')?.contains(focused) ?? false)
    ) {
      heading.current?.focus({ preventScroll: true });
    }
  }, [title]);
  return (
    <div className={classes(styles.page, narrow && styles.narrow)}>
      {back !== undefined && (
        <a className={styles.back} href={back.href}>
          <Icon name="back" />
          {back.label}
        </a>
      )}
      <header className={styles.head}>
        {sign}
        <div className={styles.words}>
          <h1
            ref={heading}
            tabIndex={-1}
            className={classes(styles.title, shown !== undefined && styles.sentence)}
            title={shown === undefined ? title : undefined}
          >
            {shown ?? <bdi>{title}</bdi>}
          </h1>
          {about !== undefined && <div className={styles.about}>{about}</div>}
        </div>
        {actions !== undefined && actions !== false && (
          <div className={classes(styles.actions, sign !== undefined && styles.whole)}>{actions}</div>
        )}
      </header>
      {children}
    </div>
  );
}

/** Things under each other, with the page's own distance between them. */
export function Stack({ children }: { readonly children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>;
}

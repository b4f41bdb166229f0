// The parts of a screen, as tabs that are links: each part has its own address.
import { classes } from './classes.ts';
import styles from './tabs.module.css';

export interface TabLink {
  readonly href: string;
  readonly label: string;
  /** Shown beside the label. */
  readonly count?: number;
  /** The count calls for the person; read out after it. */
  readonly alert?: string;
  readonly current: boolean;
}

/** In a narrow window the tabs scroll: where one is must be seen. */
const intoView = (tab: HTMLElement | null) => tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' });

export function TabLinks({ label, tabs }: { readonly label: string; readonly tabs: readonly TabLink[] }) {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.href}
          ref={tab.current ? intoView : null}
          href={tab.href}
          className={classes(styles.tab, tab.current && styles.current)}
          aria-current={tab.current ? 'page' : undefined}
        >
          {tab.label}
          {tab.count !== undefined && (
            <span className={classes(styles.count, tab.alert !== undefined && styles.alert)}>
              {tab.count}
              {tab.alert !== undefined && <span className="only-read"> {tab.alert}</span>}
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}

// The parts of a screen, as tabs that are links: each part has its own address.
import { classes } from './classes.ts';
import styles from './tabs.module.css';

export interface TabLink {
  readonly href: string;
  readonly label: string;
  /** Shown beside the label. */
  readonly count?: number;
  readonly current: boolean;
}

export function TabLinks({ label, tabs }: { readonly label: string; readonly tabs: readonly TabLink[] }) {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.href}
          href={tab.href}
          className={classes(styles.tab, tab.current && styles.current)}
          aria-current={tab.current ? 'page' : undefined}
        >
          {tab.label}
          {tab.count !== undefined && <span className={styles.count}>{tab.count}</span>}
        </a>
      ))}
    </nav>
  );
}

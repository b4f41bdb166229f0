// The few signs that the window uses, drawn here so that nothing is fetched. Decoration: the words stand beside them.
import type { ReactNode } from 'react';
import styles from './icons.module.css';

const paths = {
  servers: <path d="M4 5.5h12v3.5H4zM4 11h12v3.5H4zM6.5 7.25h.01M6.5 12.75h.01" />,
  activity: <path d="M3 10h3l2-5 4 10 2-5h3" />,
  settings: <path d="M4 6h7M15 6h1M4 14h1M9 14h7M13 4v4M7 12v4" />,
  add: <path d="M10 4.5v11M4.5 10h11" />,
  search: <path d="M9 14.5A5.5 5.5 0 1 0 9 3.5a5.5 5.5 0 0 0 0 11zM13 13l3.5 3.5" />,
  back: <path d="M12 4.5 6.5 10l5.5 5.5" />,
  forward: <path d="M8 4.5 13.5 10 8 15.5" />,
  close: <path d="m5.5 5.5 9 9M14.5 5.5l-9 9" />,
  check: <path d="m4.5 10.5 3.5 3.5 7.5-8" />,
  copy: <path d="M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3" />,
  open: <path d="M8 5H5v10h10v-3M11 4.5h4.5V9M15 5l-6 6" />,
  warning: <path d="M10 3.5 17 16H3zM10 8.5v3.5M10 14h.01" />,
  problem: <path d="M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6.5V11M10 13.5h.01" />,
  info: <path d="M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.5v4M10 6.5h.01" />,
  pause: <path d="M7.5 5v10M12.5 5v10" />,
  play: <path d="M7 4.5v11l8.5-5.5z" />,
  key: <path d="M7 13a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10.5 9.5H17M14.5 9.5v3" />,
  agents: <path d="M6.5 5.5h7v7h-7zM10 5.5V3M4 9h2.5M13.5 9H16M8.5 12.5V16M11.5 12.5V16M8.75 8.5h.01M11.25 8.5h.01" />,
  arrow: <path d="M4 10h11M11 5.5l4.5 4.5-4.5 4.5" />,
  clock: <path d="M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6.5V10l2.5 2" />,
  shield: <path d="M10 3 4.5 5v4.5c0 3.5 2.3 6 5.5 7.5 3.2-1.5 5.5-4 5.5-7.5V5z" />,
  lock: <path d="M5 9h10v7H5zM7 9V6.5a3 3 0 0 1 6 0V9" />,
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className={styles.icon} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {paths[name]}
    </svg>
  );
}

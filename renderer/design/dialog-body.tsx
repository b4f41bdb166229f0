// What a dialog says. Where there is more of it than fits it scrolls, and can then be reached with the keyboard; else it is no stop.
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import styles from './dialog.module.css';

export function DialogBody({ children }: { readonly children: ReactNode }) {
  const view = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    if (view.current === null || content.current === null) return undefined;
    const { current: outer } = view;
    // Either can change: the window becomes smaller, or what is said becomes longer.
    const sizes = new ResizeObserver(() => setScrolls(outer.scrollHeight > outer.clientHeight));
    sizes.observe(outer);
    sizes.observe(content.current);
    return () => sizes.disconnect();
  }, []);
  return (
    <div ref={view} className={styles.body} {...(scrolls && { tabIndex: 0, role: 'group', 'aria-label': 'Details' })}>
      <div ref={content} className={styles.content}>
        {children}
      </div>
    </div>
  );
}

// A dialog over the page: focus stays inside, Esc closes, focus returns to where it was or to what is nearest.
import { Dialog as Base } from '@base-ui/react/dialog';
import { useRef, type ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { classes } from './classes.ts';
import { DialogBody } from './dialog-body.tsx';
import { ReturnFocus } from './dialog-focus.tsx';
import styles from './dialog.module.css';

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  /** One sentence, read out with the title. */
  readonly about?: ReactNode;
  readonly children?: ReactNode;
  /** Buttons, the main one last. */
  readonly actions?: ReactNode;
  readonly wide?: boolean;
}

export function Dialog({ open, onClose, title, about, children, actions, wide = false }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className={styles.veil} />
        <Base.Viewport className={styles.viewport}>
          {/* A field that wants the focus takes it; else the dialog itself has it, so that Enter does nothing by chance. */}
          <Base.Popup
            ref={popup}
            className={classes(styles.popup, wide && styles.wide)}
            initialFocus={() => popup.current?.querySelector<HTMLElement>('[data-first-focus]') ?? popup.current}
            finalFocus={false}
          >
            <ReturnFocus popup={popup} />
            <header className={styles.head}>
              <Base.Title className={styles.title}>{title}</Base.Title>
              <Base.Close render={<IconButton label="Close" icon="close" size="small" />} />
            </header>
            <DialogBody>
              {about !== undefined && <Base.Description className={styles.about}>{about}</Base.Description>}
              {children}
            </DialogBody>
            {actions !== undefined && <footer className={styles.actions}>{actions}</footer>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

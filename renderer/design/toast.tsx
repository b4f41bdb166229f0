// Short word that something is done, at the foot of the window; read out politely, gone by itself.
import { Toast } from '@base-ui/react/toast';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import styles from './toast.module.css';

const manager = Toast.createToastManager();

/** For outcomes of actions whose place on the page is gone; failures stay on the page as a `ProblemNote`. */
export function toast(title: string, description?: string): void {
  manager.add({ title, ...(description === undefined ? {} : { description }), timeout: 5_000 });
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function Toasts() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((one) => (
    <Toast.Root key={one.id} toast={one} className={styles.toast} swipeDirection="down">
      <Toast.Content className={styles.content}>
        <div className={styles.words}>
          <Toast.Title className={styles.title} />
          <Toast.Description className={styles.description} />
        </div>
        <Toast.Close render={<IconButton label="Dismiss" icon="close" size="small" />} />
      </Toast.Content>
    </Toast.Root>
  ));
}

// Keys that do something anywhere on the page, told in one place. Single letters can be turned off (WCAG 2.1.4).
import { useEffect, useRef } from 'react';

export interface Shortcut {
  /** As `KeyboardEvent.key` gives it. */
  readonly key: string;
  readonly label: string;
}

export const shortcuts = {
  search: { key: '/', label: 'Search' },
  add: { key: 'n', label: 'Add a server' },
  servers: { key: '1', label: 'Servers' },
  agents: { key: '2', label: 'Agents' },
  activity: { key: '3', label: 'Activity' },
  settings: { key: '4', label: 'Settings' },
  help: { key: '?', label: 'These shortcuts' },
  back: { key: 'Escape', label: 'Close, or go back' },
} as const satisfies Record<string, Shortcut>;

const offKey = 'tokentray.single-keys-off';

export const singleKeysOn = (): boolean => localStorage.getItem(offKey) === null;

export function setSingleKeys(on: boolean): void {
  if (on) localStorage.removeItem(offKey);
  else localStorage.setItem(offKey, '1');
}

/** Not while something is typed, and not while a dialog is open, whose own keys go first. */
export function useShortcut({ key }: Shortcut, act: () => void): void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== key || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (key.length === 1 && !singleKeysOn()) return;
      const target = event.target as HTMLElement | null;
      if (target?.closest('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]') != null)
        return;
      if (document.querySelector('[role=dialog], [role=alertdialog]') !== null) return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [key]);
}

/** A key, drawn as one. */
export function Key({ children }: { readonly children: string }) {
  return <kbd>{children === 'Escape' ? 'Esc' : children}</kbd>;
}

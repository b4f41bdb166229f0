// A search: its key is shown in it, Esc empties it.
import type { Ref } from 'react';
import { Icon } from './icons.tsx';
import styles from './search-field.module.css';

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly inputRef?: Ref<HTMLInputElement>;
  readonly shortcut?: string;
}

export function SearchField({ label, value, onChange, inputRef, shortcut }: SearchFieldProps) {
  return (
    <div className={styles.search}>
      <Icon name="search" />
      <input
        ref={inputRef}
        type="search"
        className={styles.input}
        placeholder={label}
        aria-label={label}
        aria-keyshortcuts={shortcut}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || value === '') return;
          event.preventDefault();
          onChange('');
        }}
      />
      {shortcut !== undefined && value === '' && <kbd aria-hidden="true">{shortcut}</kbd>}
    </div>
  );
}

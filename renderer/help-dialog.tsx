// The keys that do something, and a way to turn the single letters off.
import { useState } from 'react';
import { Switch } from './design/checkbox.tsx';
import { Dialog } from './design/dialog.tsx';
import { Key, setSingleKeys, shortcuts, singleKeysOn } from './design/shortcuts.tsx';
import styles from './help-dialog.module.css';

export function HelpDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const [on, setOn] = useState(singleKeysOn);
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard">
      <dl className={styles.keys}>
        {Object.values(shortcuts).map(({ key, label }) => (
          <div key={key} className={styles.row}>
            <dt>
              <Key>{key}</Key>
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
        <div className={styles.row}>
          <dt>
            <Key>↑</Key> <Key>↓</Key>
          </dt>
          <dd>Go through a list</dd>
        </div>
        <div className={styles.row}>
          <dt>
            <Key>Home</Key> <Key>End</Key>
          </dt>
          <dd>Go to its first or last row</dd>
        </div>
        <div className={styles.row}>
          <dt>
            <Key>Enter</Key>
          </dt>
          <dd>Open what has the focus</dd>
        </div>
      </dl>
      <Switch
        label="Single keys"
        help="Turn them off if you speak to your computer or press keys by accident. Esc and the arrows stay."
        checked={on}
        onChange={(next) => {
          setSingleKeys(next);
          setOn(next);
        }}
      />
    </Dialog>
  );
}

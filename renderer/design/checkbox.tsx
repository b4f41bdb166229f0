// A box to tick and a switch to turn, each with its label as part of the target.
import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox';
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import { useId, type ReactNode } from 'react';
import { Icon } from './icons.tsx';
import styles from './checkbox.module.css';

interface TickProps {
  readonly label: ReactNode;
  readonly help?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

export function Checkbox({ label, help, checked, onChange, disabled = false }: TickProps) {
  const id = useId();
  return (
    <div className={styles.row}>
      <BaseCheckbox.Root
        className={styles.box}
        checked={checked}
        disabled={disabled}
        onCheckedChange={(next) => onChange(next)}
        aria-labelledby={`${id}-label`}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
      >
        <BaseCheckbox.Indicator className={styles.tick}>
          <Icon name="check" />
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      <Words id={id} label={label} help={help} onPress={() => (disabled ? undefined : onChange(!checked))} />
    </div>
  );
}

/** For what takes effect at once. */
export function Switch({ label, help, checked, onChange, disabled = false }: TickProps) {
  const id = useId();
  return (
    <div className={styles.row}>
      <BaseSwitch.Root
        className={styles.track}
        checked={checked}
        disabled={disabled}
        onCheckedChange={(next) => onChange(next)}
        aria-labelledby={`${id}-label`}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
      >
        <BaseSwitch.Thumb className={styles.thumb} />
      </BaseSwitch.Root>
      <Words id={id} label={label} help={help} onPress={() => (disabled ? undefined : onChange(!checked))} />
    </div>
  );
}

function Words({
  id,
  label,
  help,
  onPress,
}: {
  readonly id: string;
  readonly label: ReactNode;
  readonly help: ReactNode;
  readonly onPress: () => void;
}) {
  return (
    <div className={styles.words}>
      {/* The control beside it is what keyboards and screen readers use; this widens its target for the pointer. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
      <span id={`${id}-label`} className={styles.label} onClick={onPress}>
        {label}
      </span>
      {help !== undefined && (
        <span id={`${id}-help`} className={styles.help}>
          {help}
        </span>
      )}
    </div>
  );
}

// One input with its label, a help line and what is wrong with it, tied together for screen readers.
import { useId, type ComponentProps, type ReactNode, type Ref } from 'react';
import { classes } from './classes.ts';
import styles from './field.module.css';

interface FieldProps {
  readonly label: ReactNode;
  readonly help?: ReactNode;
  /** Null: nothing is wrong. */
  readonly error?: string | null;
  /** The label is for screen readers only. */
  readonly hideLabel?: boolean;
}

type Native = Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'ref' | 'id' | 'aria-describedby' | 'aria-invalid'>;

interface TextFieldProps extends FieldProps, Native {
  readonly value?: string;
  readonly onChange?: (value: string) => void;
  readonly mono?: boolean;
  /** In a dialog, the focus starts here. */
  readonly firstFocus?: boolean;
  readonly inputRef?: Ref<HTMLInputElement>;
}

/** Without `value` the input keeps its own text: for secrets, which never enter React's state. */
export function TextField({
  label,
  help,
  error = null,
  hideLabel = false,
  value,
  onChange,
  mono = false,
  firstFocus = false,
  inputRef,
  ...rest
}: TextFieldProps) {
  const id = useId();
  return (
    <FieldFrame id={id} label={label} help={help} error={error} hideLabel={hideLabel}>
      <input
        type="text"
        {...rest}
        ref={inputRef}
        id={id}
        className={classes(styles.input, mono && styles.mono)}
        {...(value === undefined ? {} : { value })}
        onChange={(event) => onChange?.(event.target.value)}
        aria-invalid={error !== null || undefined}
        aria-describedby={describedBy(id, help, error)}
        data-first-focus={firstFocus || undefined}
      />
    </FieldFrame>
  );
}

interface TextAreaProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly rows?: number;
}

/** Several lines of names or patterns. */
export function TextArea({
  label,
  help,
  error = null,
  hideLabel = false,
  value,
  onChange,
  placeholder,
  rows = 3,
}: TextAreaProps) {
  const id = useId();
  return (
    <FieldFrame id={id} label={label} help={help} error={error} hideLabel={hideLabel}>
      <textarea
        id={id}
        className={classes(styles.input, styles.mono, styles.area)}
        value={value}
        rows={rows}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={error !== null || undefined}
        aria-describedby={describedBy(id, help, error)}
      />
    </FieldFrame>
  );
}

interface SelectFieldProps<T extends string> extends FieldProps {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly disabled?: boolean;
}

/** The system's own list: it is keyboard, touch and screen reader tested like no other. */
export function SelectField<T extends string>({
  label,
  help,
  error = null,
  hideLabel = false,
  value,
  onChange,
  options,
  disabled = false,
}: SelectFieldProps<T>) {
  const id = useId();
  return (
    <FieldFrame id={id} label={label} help={help} error={error} hideLabel={hideLabel}>
      <select
        id={id}
        className={classes(styles.input, styles.select)}
        value={value}
        disabled={disabled}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.target.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
        aria-invalid={error !== null || undefined}
        aria-describedby={describedBy(id, help, error)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </FieldFrame>
  );
}

function describedBy(id: string, help: ReactNode, error: string | null): string | undefined {
  const parts = [error !== null && `${id}-error`, help !== undefined && `${id}-help`].filter(Boolean);
  return parts.length === 0 ? undefined : parts.join(' ');
}

function FieldFrame({
  id,
  label,
  help,
  error,
  hideLabel,
  children,
}: FieldProps & { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={hideLabel === true ? 'only-read' : styles.label}>
        {label}
      </label>
      {children}
      {error !== null && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
      {help !== undefined && (
        <p id={`${id}-help`} className={styles.help}>
          {help}
        </p>
      )}
    </div>
  );
}

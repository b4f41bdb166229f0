// Buttons, and links that look like them. One main action a screen; what destroys has a red edge and asks first, and is all red where it does.
import type { ComponentProps } from 'react';
import { classes } from './classes.ts';
import { Icon, type IconName } from './icons.tsx';
import styles from './button.module.css';

interface Look {
  readonly look?: 'main' | 'tinted' | 'plain' | 'quiet' | 'danger' | 'destroy';
  readonly size?: 'normal' | 'small' | 'large';
  readonly icon?: IconName;
}

const looks = (look: Look['look'] = 'plain', size: Look['size'] = 'normal') =>
  classes(styles.button, styles[look], size !== 'normal' && styles[size]);

export type ButtonProps = Look & ComponentProps<'button'> & { readonly busy?: boolean; readonly unarmed?: boolean };

/** `busy` keeps the focus where it is and takes no further press; `unarmed` takes none yet. */
export function Button({
  look,
  size,
  icon,
  busy = false,
  unarmed = false,
  children,
  className,
  onClick,
  type,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      // oxlint-disable-next-line react/button-has-type -- one of the two, and never the browser's default
      type={type ?? 'button'}
      className={classes(looks(look, size), className)}
      aria-disabled={busy || unarmed || undefined}
      data-unarmed={unarmed || undefined}
      onClick={busy || unarmed ? (event) => event.preventDefault() : onClick}
    >
      {busy ? <span className={styles.spinner} aria-hidden="true" /> : icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that is only a sign; `label` is its name and its tooltip. */
export function IconButton({
  label,
  icon,
  ...rest
}: Omit<ButtonProps, 'icon' | 'children'> & { readonly label: string; readonly icon: IconName }) {
  return (
    <Button look="quiet" {...rest} className={classes(styles.square, rest.className)} aria-label={label} title={label}>
      <Icon name={icon} />
    </Button>
  );
}

/** A link inside the window. */
export function LinkButton({ look, size, icon, children, className, ...rest }: Look & ComponentProps<'a'>) {
  return (
    <a {...rest} className={classes(looks(look, size), className)}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </a>
  );
}

// Buttons, and links that look like them. One main action a screen; what destroys is red and asks first.
import type { ComponentProps } from 'react';
import { classes } from './classes.ts';
import { Icon, type IconName } from './icons.tsx';
import styles from './button.module.css';

interface Look {
  readonly look?: 'main' | 'plain' | 'quiet' | 'danger';
  readonly size?: 'normal' | 'small';
  readonly icon?: IconName;
}

const looks = (look: Look['look'] = 'plain', size: Look['size'] = 'normal') =>
  classes(styles.button, styles[look], size === 'small' && styles.small);

export type ButtonProps = Look & ComponentProps<'button'> & { readonly busy?: boolean };

/** `busy` keeps the focus where it is and takes no further press. */
export function Button({ look, size, icon, busy = false, children, className, onClick, type, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      // oxlint-disable-next-line react/button-has-type -- one of the two, and never the browser's default
      type={type ?? 'button'}
      className={classes(looks(look, size), className)}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
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

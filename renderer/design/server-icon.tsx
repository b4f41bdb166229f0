// A server's icon, made of its name alone: a letter and a hue, so that nobody's network is asked for a picture.
import { hueOf, letterOf } from '../words/names.ts';
import { classes } from './classes.ts';
import styles from './server-icon.module.css';

export function ServerIcon({
  name,
  size = 'normal',
}: {
  readonly name: string;
  readonly size?: 'normal' | 'large' | 'small';
}) {
  return (
    <span className={classes(styles.icon, styles[size])} data-hue={hueOf(name)} aria-hidden="true">
      {letterOf(name)}
    </span>
  );
}

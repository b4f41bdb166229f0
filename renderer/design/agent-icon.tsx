// An agent's sign: round, where a server's is square, with the first letter of its name.
import { hueOf, letterOf } from '../words/names.ts';
import { classes } from './classes.ts';
import icon from './server-icon.module.css';

interface AgentIconProps {
  readonly name: string;
  readonly size?: 'normal' | 'large' | 'small';
}

export function AgentIcon({ name, size = 'normal' }: AgentIconProps) {
  return (
    <span className={classes(icon.icon, icon[size], icon.round)} data-hue={hueOf(name)} aria-hidden="true">
      {letterOf(name)}
    </span>
  );
}

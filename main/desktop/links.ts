// Links leave the app through this one door: web addresses only, and never through a shell.
import { shell } from 'electron';
import { TokentrayError } from '../errors.ts';
import type { OpenUrl } from '../ports.ts';
import { safeLink } from './safe-link.ts';

/** Opens the system browser. @throws unsafe_url, internal when the system has no browser */
export const openLink: OpenUrl = async (url) => {
  const safe = safeLink(url.href);
  if (safe === null) throw new TokentrayError('unsafe_url', 'only web addresses are opened in the browser');
  try {
    await shell.openExternal(safe.href);
  } catch (cause) {
    throw new TokentrayError('internal', 'no browser could be started', {
      attempted: 'open the browser',
      advice: 'Open the address by hand.',
      cause,
    });
  }
};

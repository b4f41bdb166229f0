// The system's own check that its person is there, where Electron offers one: Touch ID, or the password in its place, on macOS.
import { systemPreferences } from 'electron';
import type { SystemCheck } from '../access/lock.ts';

/** Null where there is none: a click has to do then, and every surface says so. */
export function systemCheck(platform: NodeJS.Platform): SystemCheck | null {
  if (platform !== 'darwin' || !systemPreferences.canPromptTouchID()) return null;
  return (reason) =>
    // It rejects when the person gives up, and when the fingers are wrong.
    systemPreferences.promptTouchID(reason).then(
      () => true,
      () => false,
    );
}

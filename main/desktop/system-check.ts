// The system's own check that its person is there, where Electron offers one: Touch ID, or the password in its place, on macOS.
import { systemPreferences } from 'electron';
import type { SystemCheck } from '../access/lock.ts';

/** Null where there is none: a click has to do then, and every surface says so. */
export function systemCheck(): SystemCheck | null {
  // Off macOS Electron has no such methods, whatever its types say.
  const offered: Partial<Pick<typeof systemPreferences, 'canPromptTouchID'>> = systemPreferences;
  if (offered.canPromptTouchID?.() !== true) return null;
  return async (reason) => {
    // It rejects when the person gives up, when the fingers are wrong, and when the sensor is gone, in words of the system's own.
    await systemPreferences.promptTouchID(reason);
    return true;
  };
}

// The tray's panic button: one question first, and what became of it in words.
import { dialog } from 'electron';
import type { UiClient } from './attend.ts';
import type { Notice } from './notices.ts';

type Panicked = Awaited<ReturnType<UiClient['lock']['panic']>>;

/** What the person wants; null: nothing. */
export async function askPanic(): Promise<{ revoke: boolean } | null> {
  const { response } = await dialog.showMessageBox({
    type: 'warning',
    title: 'Tokentray',
    message: 'Stop everything?',
    detail:
      'Every stream of every agent ends, what you allowed for once or for a session ends, and Tokentray locks. ' +
      'Revoking asks each provider to end its grant: every server needs a sign-in afterwards.',
    buttons: ['Stop and lock', 'Stop, lock and revoke every grant', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  });
  return response === 0 || response === 1 ? { revoke: response === 1 } : null;
}

export function panicNotice({ streams, receipts }: Panicked, revoke: boolean): Notice {
  const confirmed = receipts.filter(({ receipt }) => receipt?.confirmed === true).length;
  const ended = `${streams} ${streams === 1 ? 'stream' : 'streams'} ended.`;
  const revoked = revoke ? ` Providers confirmed the end of ${confirmed} of ${receipts.length} grants.` : '';
  return { title: 'Tokentray is locked', body: `${ended}${revoked}`, server: null };
}

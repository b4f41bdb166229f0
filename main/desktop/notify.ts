// Shows a notification, and what it is about when it is clicked.
import { Notification } from 'electron';
import type { Notice } from './notices.ts';

/** Held until they are gone: a notification that was collected as garbage no longer hears its click. */
const shown = new Set<Notification>();
const mostHeld = 20;

export function notify(notice: Notice, onClick: () => void): void {
  if (!Notification.isSupported()) return;
  const notification = new Notification({ title: notice.title, body: notice.body });
  shown.add(notification);
  const [oldest] = shown;
  // Some systems never tell that one was dismissed.
  if (oldest !== undefined && shown.size > mostHeld) shown.delete(oldest);
  notification.on('click', () => {
    shown.delete(notification);
    onClick();
  });
  notification.on('close', () => shown.delete(notification));
  notification.show();
}

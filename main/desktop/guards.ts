// What no page of ours may do, whatever it has become: go elsewhere, open windows, embed others, use the machine's devices.
import { app } from 'electron';
import type { Session, WebContents } from 'electron';
import type { Log } from '../ports.ts';
import { isOwnPage } from './app-page.ts';
import { openLink } from './links.ts';
import { safeLink } from './safe-link.ts';

/** For every web contents that will ever be made in this process. */
export function guardContents(log: Log): void {
  app.on('web-contents-created', (_event, contents) => guard(contents, log));
}

function guard(contents: WebContents, log: Log): void {
  // All frames: a page of ours has no sub-frames, and its own address changes in its hash only.
  contents.on('will-frame-navigate', (event) => {
    if (event.isMainFrame && isOwnPage(event.url) && isOwnPage(contents.getURL())) return;
    event.preventDefault();
    log.warn('a window was kept from leaving its page', { to: event.url });
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    const link = isOwnPage(contents.getURL()) ? safeLink(url) : null;
    if (link === null) log.warn('a window was kept from opening another', { at: url });
    else openLink(link).catch((cause: unknown) => log.error('a link could not be opened', { cause }));
    return { action: 'deny' };
  });
}

/** Camera, notifications, clipboard, serial ports and whatever comes next: none of them. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}

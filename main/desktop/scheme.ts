// app://, a scheme of our own for the windows' page: no file of the system and no port of the machine stands behind it.
import { protocol } from 'electron';
import type { Session } from 'electron';
import type { Asset } from '../ui/assets.ts';
import { answer, scheme } from './app-page.ts';

/** Has to be called before Electron is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true } }]);
}

/** Serves the built window's files to the windows of a session. */
export function serveRenderer(session: Session, assets: ReadonlyMap<string, Asset>): void {
  session.protocol.handle(scheme, (request) => answer(assets, request));
}

// Electron's preload: gives our own page one function, which brings it a port to the broker. Nothing else crosses into the page.
import { contextBridge, ipcRenderer } from 'electron';
import { portChannel } from './channel.ts';

contextBridge.exposeInMainWorld('tokentray', {
  /** Asks for a port; it comes as a message of this window, since the context bridge itself carries no ports. */
  requestPort(): void {
    const { port1, port2 } = new MessageChannel();
    ipcRenderer.postMessage(portChannel, null, [port1]);
    // '/': to this very origin only.
    window.postMessage(portChannel, '/', [port2]);
  },
});

// What `import … from 'electron'` gives a preload in the stand-in, as types; worlds.ts is where it runs.
export interface ContextBridge {
  /** Functions only, and what they give back does not arrive. */
  exposeInMainWorld(key: string, api: Readonly<Record<string, (...args: never[]) => void>>): void;
}

export interface IpcRenderer {
  postMessage(channel: string, message: unknown, transfer?: MessagePort[]): void;
}

export declare const contextBridge: ContextBridge;
export declare const ipcRenderer: IpcRenderer;

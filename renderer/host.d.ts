// What Electron's preload puts into the window, as the renderer sees it; in a browser there is none of it.
interface Window {
  readonly tokentray?: {
    /** Asks the preload for a port to the broker; it comes as a message of this window. */
    readonly requestPort: () => void;
  };
}

// The one word between window, preload and main process: the channel on which a port is asked for, and the message that brings it.
export const portChannel = 'tokentray:port';

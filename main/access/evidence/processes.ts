// What this system says about a process and its ancestors.
import type { Processes } from './lineage.ts';
import { linuxProcesses } from './linux.ts';
import { macosProcesses } from './macos.ts';
import { windowsProcesses } from './windows.ts';

export function systemProcesses(platform: NodeJS.Platform = process.platform): Processes {
  if (platform === 'linux') return linuxProcesses();
  if (platform === 'darwin') return macosProcesses();
  if (platform === 'win32') return windowsProcesses();
  return { lineage: async () => [], now: () => Date.now() };
}

// After electron-builder has put the app together and before it signs: sets every fuse, and lays the stdio shim beside the archive.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses';
import { Arch } from 'electron-builder';
import type { AfterPackContext } from 'electron-builder';
import { layShimAside } from './shim.ts';

/**
 * Every fuse that this Electron has, and why it stands so. https://www.electronjs.org/docs/latest/tutorial/fuses
 * A fuse that a later Electron adds fails the packaging until it has its line here.
 */
export const fuses: Readonly<Record<FuseV1Options, boolean>> = {
  // Our signed binary is no Node for others: whoever could start it as one would have our place in the keychain.
  [FuseV1Options.RunAsNode]: false,
  // Nothing keeps a cookie; should something ever, then not in the clear.
  [FuseV1Options.EnableCookieEncryption]: true,
  // NODE_OPTIONS and --inspect load code, or a debugger, into the process that holds the tokens.
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  // The archive is the one that was packed, and no folder beside it takes its place.
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  // We make no V8 snapshot of our own; with this on, Electron would look for one and not start.
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  // Pages come from app://; file:// needs no powers.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  // As Electron has it; undici's parser is WebAssembly and is faster so, no less bounded.
  [FuseV1Options.WasmTrapHandlers]: true,
};

export default async function afterPack(context: AfterPackContext): Promise<void> {
  const { appOutDir, electronPlatformName, packager } = context;
  const program = programOf(context);
  // Apple's processors run no binary whose signature does not fit, and Electron's own no longer does. Needs Apple's codesign.
  const signAnew = electronPlatformName === 'darwin' && context.arch === Arch.arm64 && process.platform === 'darwin';
  await setFuses(join(appOutDir, program), { signAnew });
  layShimAside({
    built: fileURLToPath(new URL('../dist/main', import.meta.url)),
    resources: packager.getResourcesDir(appOutDir),
    app: electronPlatformName === 'darwin' ? `../MacOS/${packager.appInfo.productFilename}` : `../${program}`,
  });
}

/** @throws Error when the program has a fuse that is not stated above, or lacks one that is */
export async function setFuses(program: string, { signAnew }: { readonly signAnew: boolean }): Promise<void> {
  await flipFuses(program, {
    version: FuseVersion.V1,
    strictlyRequireAllFuses: true,
    resetAdHocDarwinSignature: signAnew,
    ...fuses,
  });
}

/** The app's program, or on macOS its bundle, within the packed folder. */
function programOf({ electronPlatformName, packager }: AfterPackContext): string {
  const name = packager.appInfo.productFilename;
  if (electronPlatformName === 'darwin') return `${name}.app`;
  if (electronPlatformName === 'win32') return `${name}.exe`;
  return 'executableName' in packager && typeof packager.executableName === 'string' ? packager.executableName : name;
}

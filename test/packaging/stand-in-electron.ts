// Stand-ins for the three Electron distributions: the folders and names that electron-builder works on, with a program that only has a fuse wire.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type System = 'linux' | 'darwin' | 'win32';

/**
 * Electron's wire as it leaves its own build, by the order of FuseV1Options: some on, some off, so that a fuse nobody sets shows.
 * https://github.com/electron/electron/blob/main/build/fuses/fuses.json5
 */
const factoryFuses = '101100011';
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** Bytes of a program that carries a fuse wire: the sentinel, the wire's version, its length, a character for each fuse. */
export function programWithFuses(fuses = factoryFuses): Buffer {
  return Buffer.concat([
    Buffer.from('a program, were it one\n'),
    Buffer.from(sentinel),
    Buffer.from([1, fuses.length]),
    Buffer.from(fuses),
    Buffer.from('\nand its end\n'),
  ]);
}

/** Lays a distribution out in `folder`, as its zip would unpack. */
export function layElectronOut(folder: string, system: System, version: string): void {
  const lay = (path: string, content: string | Buffer = path) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  lay('LICENSE');
  lay('LICENSES.chromium.html');
  lay('version', version);
  if (system === 'darwin') {
    layBundle(lay, (path, target) => symlinkSync(target, join(folder, path)));
    return;
  }
  for (const language of ['de', 'en-US', 'fr']) lay(`locales/${language}.pak`);
  lay('resources.pak');
  if (system === 'linux') {
    lay('electron', programWithFuses());
    chmodSync(join(folder, 'electron'), 0o755);
  } else {
    lay('electron.exe', windowsProgram());
  }
}

function layBundle(
  lay: (path: string, content?: string | Buffer) => void,
  link: (path: string, target: string) => void,
): void {
  const contents = 'Electron.app/Contents';
  lay(`${contents}/Info.plist`, plist('Electron'));
  lay(`${contents}/MacOS/Electron`, 'the starter');
  lay(`${contents}/Resources/electron.icns`);
  for (const language of ['de', 'en']) lay(`${contents}/Resources/${language}.lproj/locale.pak`);
  const framework = `${contents}/Frameworks/Electron Framework.framework`;
  lay(`${framework}/Versions/A/Electron Framework`, programWithFuses());
  for (const language of ['de', 'en']) lay(`${framework}/Versions/A/Resources/${language}.lproj/locale.pak`);
  link(`${framework}/Versions/Current`, 'A');
  for (const name of ['Electron Framework', 'Resources']) link(`${framework}/${name}`, `Versions/Current/${name}`);
  for (const kind of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
    const name = `Electron Helper${kind}`;
    lay(`${contents}/Frameworks/${name}.app/Contents/Info.plist`, plist(name));
    lay(`${contents}/Frameworks/${name}.app/Contents/MacOS/${name}`);
  }
}

function plist(name: string): string {
  const entries = { CFBundleExecutable: name, CFBundleName: name, CFBundleIdentifier: 'com.example.stand-in' };
  const lines = Object.entries(entries).map(([key, value]) => `<key>${key}</key><string>${value}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>${lines.join('')}</dict></plist>`;
}

/** The part of resedit that we use; electron-builder edits Windows programs with the same library. */
interface Resedit {
  readonly NtExecutable: {
    createEmpty(is32Bit: boolean, isDll: boolean): { generate(): ArrayBuffer };
  };
  readonly NtExecutableResource: {
    from(executable: unknown): { entries: unknown[]; outputResource(executable: unknown): void };
  };
  readonly Resource: {
    readonly VersionInfo: {
      createEmpty(): {
        lang: number;
        setStringValues(language: { lang: number; codepage: number }, values: Record<string, string>): void;
        outputToResourceEntries(entries: unknown[]): void;
      };
    };
  };
}

/** A Windows program with nothing but a version resource, which holds the fuse wire too. */
function windowsProgram(): Buffer {
  const builder = createRequire(createRequire(import.meta.url).resolve('electron-builder'));
  const resedit = createRequire(builder.resolve('app-builder-lib'))('resedit') as Resedit;
  const executable = resedit.NtExecutable.createEmpty(false, false);
  const resources = resedit.NtExecutableResource.from(executable);
  const version = resedit.Resource.VersionInfo.createEmpty();
  version.lang = 0x0409;
  version.setStringValues({ lang: 0x0409, codepage: 1200 }, { FileDescription: 'Stand-in' });
  version.outputToResourceEntries(resources.entries);
  const wire = programWithFuses();
  resources.entries.push({
    type: 'WIRE',
    id: 'FUSES',
    lang: 0x0409,
    codepage: 1200,
    bin: wire.buffer.slice(wire.byteOffset, wire.byteOffset + wire.byteLength),
  });
  resources.outputResource(executable);
  return Buffer.from(executable.generate());
}

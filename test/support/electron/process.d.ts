// What Electron adds to Node's `process`, where its own types are not looked at.
declare namespace NodeJS {
  interface Process {
    readonly resourcesPath: string;
  }
}

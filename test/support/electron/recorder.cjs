// Keeps what an app does with its tray, its notifications and the system browser. Loaded before the app, in Electron (`-r`) and
// in the stand-in alike; the app itself runs unchanged.
'use strict';

const { dialog, Notification, shell, systemPreferences, Tray } = require('electron');

const recorded = { trays: [], notifications: [], links: [], checks: [] };
globalThis.tokentrayRecorded = recorded;

/** Calls `note` with the object and the arguments, then the method itself. */
function listen(prototype, method, note) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    note(this, ...args);
    return original.apply(this, args);
  };
}

function trayOf(tray) {
  let entry = recorded.trays.find((known) => known.tray === tray);
  if (entry === undefined) {
    entry = { tray, image: null, toolTip: null, menu: null };
    recorded.trays.push(entry);
  }
  return entry;
}

listen(Tray.prototype, 'setImage', (tray, image) => (trayOf(tray).image = image));
listen(Tray.prototype, 'setToolTip', (tray, text) => (trayOf(tray).toolTip = text));
listen(Tray.prototype, 'setContextMenu', (tray, menu) => (trayOf(tray).menu = menu));
listen(Notification.prototype, 'show', (notification) => recorded.notifications.push(notification));

// Elsewhere than on Linux the menu is handed over when it is to be seen; nothing shall pop up in a test.
Tray.prototype.popUpContextMenu = function (menu) {
  trayOf(this).menu = menu;
};

shell.openExternal = async (url) => {
  recorded.links.push(url);
  // For who asks after the app has gone.
  process.stderr.write(`opened in the browser: ${url}\n`);
};

// A machine with a sensor, where a test says that it is one: what its person does there is the test's to say.
if (process.env.TOKENTRAY_TEST_SENSOR === '1') {
  systemPreferences.canPromptTouchID = () => true;
  systemPreferences.promptTouchID = (reason) =>
    new Promise((pass, fail) => recorded.checks.push({ reason, pass, fail: (words) => fail(new Error(words)) }));
}

// A dialog would wait for a person.
dialog.showErrorBox = (title, content) => process.stderr.write(`${title}\n${content}\n`);
dialog.showMessageBox = async (options) => ({ response: options.cancelId ?? 0, checkboxChecked: false });

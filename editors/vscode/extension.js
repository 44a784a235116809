// Starts `macc lsp` for policies and project files; where it can't, says what is missing and what to do.
const { execFile } = require("child_process");
const { commands, env, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const CHANGE_SETTING = "Change the Setting";
const TRY_AGAIN = "Try Again";

let client;
let typing; // the timer of a setting that is being typed
let work = Promise.resolve(); // starts and stops, one after the other

/** Why `program` can't be the server, in words for its user; undefined where it is macc. */
function hindrance(program) {
  return new Promise((resolve) => {
    execFile(program, ["--version"], { timeout: 10000 }, (error, output) => {
      const onPath = program.includes("/") ? "" : " on the PATH that VS Code has";
      if (error && error.code === "ENOENT") resolve(`there is no program \`${program}\`${onPath}`);
      else if (error) resolve(`\`${program}\` does not run (${error.message.trim()})`);
      else resolve(output.startsWith("macc ") ? undefined : `\`${program}\` is another program than macc`);
    });
  });
}

async function tell(reason) {
  const text = `macc: ${reason}. Policies have colours, but are not checked. Install macc, or say where it is in the setting macc.path.`;
  const choice = await window.showErrorMessage(text, CHANGE_SETTING, TRY_AGAIN);
  // The program is that of the machine with the files, and so is the setting.
  const settings = env.remoteName ? "workbench.action.openRemoteSettings" : "workbench.action.openSettings2";
  if (choice === CHANGE_SETTING) commands.executeCommand(settings, { query: "@id:macc.path" });
  if (choice === TRY_AGAIN) restart();
}

async function start() {
  if (!workspace.isTrusted) return;
  const program = workspace.getConfiguration("macc").get("path");
  const reason = await hindrance(program);
  if (reason) {
    tell(reason); // not awaited: it ends when somebody chooses
    return;
  }
  const started = new LanguageClient(
    "macc",
    "macc",
    { command: program, args: ["lsp"] },
    {
      // Not the old versions of files that a comparison shows: they are no part of the project.
      documentSelector: [
        { scheme: "file", language: "macc" },
        { scheme: "untitled", language: "macc" },
        { scheme: "file", pattern: "**/macc.toml" },
      ],
    }
  );
  await started.start();
  client = started;
}

async function stop() {
  const stopped = client;
  client = undefined;
  if (stopped) await stopped.dispose();
}

function restart() {
  // The client shows what went wrong itself; the next start is not to fail for it.
  work = work.then(stop).then(start).catch(() => {});
  return work;
}

function activate(context) {
  context.subscriptions.push(
    commands.registerCommand("macc.restart", restart),
    workspace.onDidGrantWorkspaceTrust(restart),
    workspace.onDidChangeConfiguration((change) => {
      if (!change.affectsConfiguration("macc.path")) return;
      clearTimeout(typing);
      typing = setTimeout(restart, 1000);
    })
  );
  return restart();
}

function deactivate() {
  return stop();
}

module.exports = { activate, deactivate };

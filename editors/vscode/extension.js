// Starts `macc lsp` for policies and project files.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function activate() {
  const command = workspace.getConfiguration("macc").get("path");
  client = new LanguageClient(
    "macc",
    "macc",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "macc" }, { pattern: "**/macc.toml" }] }
  );
  return client.start();
}

function deactivate() {
  return client && client.stop();
}

module.exports = { activate, deactivate };
